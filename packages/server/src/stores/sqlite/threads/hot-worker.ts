import { workerData } from "node:worker_threads"
import { openHotVerbs } from "./hot-verbs.ts"
import { serve } from "./serve.ts"

serve(() => openHotVerbs(workerData))
