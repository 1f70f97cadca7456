import { onTestFinished } from "vitest"
import { openReceiver, type Receiver, type ReceiverOptions } from "../receiver.ts"

/** A receiver that is closed when the test is over. */
export async function receiving(options: ReceiverOptions = {}): Promise<Receiver> {
  const receiver = await openReceiver(options)
  onTestFinished(() => receiver.close())
  return receiver
}
