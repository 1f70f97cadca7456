import { type ComponentProps, lazy, Suspense } from "react"

/** The drawing library comes when the first plot does. */
const Plot = lazy(() => import("./plot.tsx"))

export function LazyPlot(props: ComponentProps<typeof Plot>) {
  return (
    <Suspense fallback={<div className="h-[226px]" />}>
      <Plot {...props} />
    </Suspense>
  )
}
