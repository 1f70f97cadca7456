import type { SVGProps } from "react"

/** Drawn here: a library of icons would weigh more than all the screens' own code. 20 units square, 1.5 stroke. */
const paths = {
  overview: "M3 10.5 8 5.5l3 3 6-6M3 17h14M13 2.5h4v4",
  webhooks:
    "M7.5 6.5a3 3 0 1 1 4.3 2.7l2.4 4.3M5.8 9.7 3.6 13.5M8 14h6M3.5 17a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM16.2 17a2.5 2.5 0 1 0-2.3-3.5",
  deliveries: "M2.5 10h9m0 0L8 6.5M11.5 10 8 13.5M13 4h3a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 16 16h-3",
  events: "M11 2.5 4 11.5h5.5L9 17.5l7-9h-5.5l.5-6Z",
  types: "M3 5h14M3 10h14M3 15h9",
  keys: "M10.5 13a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0ZM9.5 10.5 17 3M14 6l2.5 2.5",
  audit: "M5 2.5h10v15H5zM8 6.5h4M8 10h4M8 13.5h2",
  reference: "M4 3.5h5a1 1 0 0 1 1 1v12a1 1 0 0 0-1-1H4v-12ZM16 3.5h-5a1 1 0 0 0-1 1v12a1 1 0 0 1 1-1h5v-12Z",
  copy: "M7 7V4.5A1.5 1.5 0 0 1 8.5 3h7A1.5 1.5 0 0 1 17 4.5v7a1.5 1.5 0 0 1-1.5 1.5H13M4.5 7h7A1.5 1.5 0 0 1 13 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 15.5v-7A1.5 1.5 0 0 1 4.5 7Z",
  check: "m4 10.5 4 4 8-9",
  cross: "m5 5 10 10M15 5 5 15",
  plus: "M10 4v12M4 10h12",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  chevron: "m8 5 5 5-5 5",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1",
  moon: "M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5Z",
  screen: "M3 4h14v9.5H3zM7.5 17h5M10 13.5V17",
  leave: "M8 3.5H4.5A1 1 0 0 0 3.5 4.5v11a1 1 0 0 0 1 1H8M12.5 6.5 16 10l-3.5 3.5M16 10H8",
  alert: "M10 3 2.5 16.5h15L10 3ZM10 8v4M10 14.2h.01",
  play: "m6 4 9 6-9 6V4Z",
  retry: "M16 10a6 6 0 1 1-1.8-4.3M16.5 3v3.5H13",
  pause: "M7 4v12M13 4v12",
} as const

export type IconName = keyof typeof paths

/** Decoration: what it means stands beside it, or in its button's label. */
export function Icon({ name, ...rest }: { readonly name: IconName } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      viewBox="0 0 20 20"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      {...rest}
    >
      <path d={paths[name]} />
    </svg>
  )
}
