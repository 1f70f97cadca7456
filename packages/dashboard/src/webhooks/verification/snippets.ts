import cargo from "../../../../../docs/receiving/rust/Cargo.toml?raw"
import rust from "../../../../../docs/receiving/rust/src/main.rs?raw"
import java from "../../../../../docs/receiving/Verify.java?raw"
import csharp from "../../../../../docs/receiving/verify.cs?raw"
import go from "../../../../../docs/receiving/verify.go?raw"
import node from "../../../../../docs/receiving/verify.mjs?raw"
import php from "../../../../../docs/receiving/verify.php?raw"
import python from "../../../../../docs/receiving/verify.py?raw"
import ruby from "../../../../../docs/receiving/verify.rb?raw"

export type Snippet = {
  readonly language: string
  readonly file: string
  readonly code: string
  /** What checks the profile's own header, and what checks `webhook-signature`. */
  readonly functions: readonly [ofBody: string, standard: string]
  /** A file that it needs beside it. */
  readonly beside?: { readonly file: string; readonly code: string }
}

/** The very files of `docs/receiving/`, which the tests run against real deliveries. */
export const snippets: readonly Snippet[] = [
  { language: "Node", file: "verify.mjs", code: node, functions: ["verifyBody", "verifyStandard"] },
  { language: "Python", file: "verify.py", code: python, functions: ["verify_body", "verify_standard"] },
  { language: "Go", file: "verify.go", code: go, functions: ["VerifyBody", "VerifyStandard"] },
  { language: "Java", file: "Verify.java", code: java, functions: ["verifyBody", "verifyStandard"] },
  { language: "Ruby", file: "verify.rb", code: ruby, functions: ["verify_body", "verify_standard"] },
  { language: "PHP", file: "verify.php", code: php, functions: ["verify_body", "verify_standard"] },
  { language: "C#", file: "verify.cs", code: csharp, functions: ["VerifyBody", "VerifyStandard"] },
  {
    language: "Rust",
    file: "src/main.rs",
    code: rust,
    functions: ["verify_body", "verify_standard"],
    beside: { file: "Cargo.toml", code: cargo },
  },
]
