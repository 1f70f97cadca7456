import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

/** `vite` alone serves the screens with reloading; the API then comes from a server on its usual port. */
const apiUrl = "http://127.0.0.1:8080"

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  server: { proxy: { "/v1": apiUrl, "/openapi.json": apiUrl, "/healthz": apiUrl } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2023",
    // `light-dark()` as it stands: every browser of 2024 knows it.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // As data: URLs they would need an exception in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
