import { workerData } from "node:worker_threads"
import { openCheckpointVerbs } from "./checkpoint-verbs.ts"
import { serve } from "./serve.ts"

serve(() => openCheckpointVerbs(workerData))
