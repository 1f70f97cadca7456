import type { Command } from "commander"
import type { Terminal } from "../running/terminal.ts"
import { addCreate } from "./create.ts"
import { addDelete } from "./delete.ts"
import { addList } from "./list.ts"
import { addPause, addResume } from "./pausing.ts"
import { addTest, addVerify } from "./probing.ts"
import { addRotateSecret } from "./rotate-secret.ts"
import { addShow } from "./show.ts"
import { addUpdate } from "./update.ts"

/** `tocsin webhooks`: the endpoints that events go to. */
export function addWebhooks(program: Command, terminal: Terminal): void {
  const webhooks = program
    .command("webhooks")
    .summary("the endpoints that events go to")
    .description("Register endpoints, see how they fare, test and repair them.")
  addList(webhooks, terminal)
  addShow(webhooks, terminal)
  addCreate(webhooks, terminal)
  addUpdate(webhooks, terminal)
  addDelete(webhooks, terminal)
  addTest(webhooks, terminal)
  addVerify(webhooks, terminal)
  addRotateSecret(webhooks, terminal)
  addPause(webhooks, terminal)
  addResume(webhooks, terminal)
}
