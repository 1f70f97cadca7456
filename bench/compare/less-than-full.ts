import { type CompareOptions, full } from "./options.ts"

type Asked = Pick<
  CompareOptions,
  "quick" | "rounds" | "secondsEach" | "events" | "webhooks" | "only" | "prof" | "latency"
>

/**
 * In what a run as asked for is less than a full one: it is not recorded in the documents then. More rounds and longer ones
 * are no less.
 * @returns the options, as somebody would have spelled them; none for a full run.
 */
export function lessThanFull(asked: Asked): readonly string[] {
  const { quick, rounds, secondsEach, events, webhooks, only, prof, latency } = asked
  const ways: readonly (readonly [boolean, string])[] = [
    [quick, "--quick"],
    // A quick look has fewer of both by itself.
    [!quick && rounds < full.rounds, `--rounds ${rounds}`],
    [!quick && secondsEach < full.secondsEach, `--seconds ${secondsEach}`],
    [events !== null, `--events ${events}`],
    [webhooks !== full.webhooks, `--webhooks ${webhooks}`],
    [only !== null, `--only ${only}`],
    [prof, "--prof"],
    [!latency, "--no-latency"],
  ]
  return ways.filter(([is]) => is).map(([, spelled]) => spelled)
}
