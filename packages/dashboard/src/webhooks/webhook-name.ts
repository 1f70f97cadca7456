type Named = { readonly url: string; readonly description: string | null }

/** A webhook in few words: what people called it, else where it leads. */
export function nameOf({ url, description }: Named): string {
  return description ?? url.replace(/^https?:\/\//, "")
}
