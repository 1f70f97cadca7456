import { openMemoryStore } from "../../src/stores/memory/open-memory-store.ts"
import { storeContract } from "./store-contract.ts"

storeContract("memory", async () => openMemoryStore())
