export type Snippet = { readonly language: string; readonly code: string }
