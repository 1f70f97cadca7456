import { openReceiver, type ReceivedRequest, type Receiver, type Reply } from "../receiver.ts"

/** How it answers from now on. */
export type Mood = { reply: Reply }

export type TakingReceiver = {
  readonly receiver: Receiver
  /** What it answered with 2xx, the answer having gone out whole: the sender may count on it, and need not send it again. */
  readonly taken: WeakSet<ReceivedRequest>
}

export async function openTakingReceiver(mood: Readonly<Mood>): Promise<TakingReceiver> {
  const taken = new WeakSet<ReceivedRequest>()
  const receiver = await openReceiver({
    replies: () => mood.reply,
    onAnswered(request, status) {
      if (status >= 200 && status < 300) taken.add(request)
    },
  })
  return { receiver, taken }
}
