import { movingContract } from "./moving-contract.ts"
import { newSqlitePlace } from "./sqlite-place.ts"

movingContract("sqlite", newSqlitePlace)
