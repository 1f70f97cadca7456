import { workerData } from "node:worker_threads"
import { openLogVerbs } from "./log-verbs.ts"
import { serve } from "./serve.ts"

serve(() => openLogVerbs(workerData))
