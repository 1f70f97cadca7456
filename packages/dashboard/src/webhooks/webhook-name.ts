/** A webhook in few words: what people called it, else where it leads. */
export function nameOf({ url, description }: { readonly url: string; readonly description: string | null }): string {
  return description ?? url.replace(/^https?:\/\//, "")
}
