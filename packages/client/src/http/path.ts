/**
 * A path with ids in it, each one segment: path`/v1/webhooks/${id}`.
 *
 * @throws TypeError for an id that would turn it into another path: an empty one, or dots, which URLs resolve away.
 */
export function path(texts: TemplateStringsArray, ...ids: readonly string[]): string {
  return ids.reduce((built, id, at) => {
    if (typeof id !== "string" || id === "" || id === "." || id === "..") {
      throw new TypeError(`${JSON.stringify(id) ?? "undefined"} is no id. Pass the id of what is meant.`)
    }
    return built + encodeURIComponent(id) + (texts[at + 1] ?? "")
  }, texts[0] ?? "")
}
