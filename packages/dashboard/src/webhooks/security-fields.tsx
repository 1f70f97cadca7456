import { Flaws, SelectField, TextAreaField, TextField } from "../parts/field.tsx"
import { Panel } from "../parts/panel.tsx"
import { flawsAt, flawsOf } from "../tocsin.ts"
import type { SecurityDraft } from "./security-draft.ts"

type Props = {
  readonly draft: SecurityDraft
  readonly set: (change: Partial<SecurityDraft>) => void
  /** What the server refused last. */
  readonly error: unknown
}

const authorizationTypes = [
  ["none", "None"],
  ["static", "A fixed value"],
  ["oauth2_client_credentials", "OAuth 2 client credentials"],
] as const

const clientAuthentications = [
  ["basic", "Authorization: Basic"],
  ["body", "Fields of the form"],
] as const

/** What is sent in the `Authorization` header. */
export function AuthorizationFields(props: Props) {
  const { draft, set, error } = props
  const type = draft.authorizationType
  return (
    <Panel title="Authorization" note="Beside the signature, for endpoints that ask for it">
      <div className="space-y-4">
        <SelectField
          label="Authorization header"
          flaws={flawsAt(error, "/authorization/type")}
          value={type}
          onChange={(event) => {
            const chosen = authorizationTypes.find(([id]) => id === event.target.value)
            if (chosen) set({ authorizationType: chosen[0] })
          }}
        >
          {authorizationTypes.map(([id, text]) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </SelectField>
        {type === "static" && (
          <Typed
            {...props}
            name="authorizationValue"
            label="Value"
            at="/authorization/value"
            placeholder="Bearer …"
            hint="The whole header, its scheme included. Stored encrypted, shown masked."
          />
        )}
        {type === "oauth2_client_credentials" && <ClientCredentials {...props} />}
        <Flaws flaws={flawsOf(error, "/authorization")} />
      </div>
    </Panel>
  )
}

function ClientCredentials(props: Props) {
  const { draft, set, error } = props
  return (
    <>
      <Typed
        {...props}
        name="tokenUrl"
        label="Token URL"
        at="/authorization/token_url"
        placeholder="https://auth.your-app.com/oauth/token"
        hint="Asked for a token before the first delivery, and again when it has expired."
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Typed {...props} name="clientId" label="Client id" at="/authorization/client_id" />
        <Typed
          {...props}
          name="clientSecret"
          label="Client secret"
          at="/authorization/client_secret"
          hint="Stored encrypted, shown masked."
        />
        <Typed {...props} name="scope" label="Scope" at="/authorization/scope" placeholder="none" />
        <Typed {...props} name="audience" label="Audience" at="/authorization/audience" placeholder="none" />
      </div>
      <SelectField
        label="Client named by"
        flaws={flawsAt(error, "/authorization/client_authentication")}
        value={draft.clientAuthentication}
        onChange={(event) => {
          const chosen = clientAuthentications.find(([id]) => id === event.target.value)
          if (chosen) set({ clientAuthentication: chosen[0] })
        }}
      >
        {clientAuthentications.map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </SelectField>
    </>
  )
}

/** Certificates of both sides, where the public authorities' do not do. */
export function TlsFields({ draft, set, error }: Props) {
  const typed = (name: "clientCertificate" | "clientKey" | "authority") => ({
    value: draft[name],
    onChange: (event: { target: { value: string } }) => set({ [name]: event.target.value }),
  })
  return (
    <Panel title="TLS" note="For mutual TLS and endpoints with a private authority">
      <div className="space-y-4">
        <TextAreaField
          label="Client certificate"
          placeholder="-----BEGIN CERTIFICATE-----"
          hint="PEM: the certificate, then its chain. Presented to the endpoint."
          flaws={flawsAt(error, "/tls/client_certificate")}
          {...typed("clientCertificate")}
        />
        <TextAreaField
          label="Client key"
          placeholder="-----BEGIN PRIVATE KEY-----"
          hint="PEM, without a passphrase. Stored encrypted, shown masked."
          flaws={flawsAt(error, "/tls/client_key")}
          {...typed("clientKey")}
        />
        <TextAreaField
          label="Certificate authority"
          placeholder="-----BEGIN CERTIFICATE-----"
          hint="PEM. When given, the endpoint's certificate must come from it, and from no public authority."
          flaws={flawsAt(error, "/tls/authority")}
          {...typed("authority")}
        />
      </div>
    </Panel>
  )
}

type TypedName = "authorizationValue" | "tokenUrl" | "clientId" | "clientSecret" | "scope" | "audience"

function Typed({
  draft,
  set,
  error,
  name,
  at,
  ...field
}: Props & { name: TypedName; at: string; label: string; placeholder?: string; hint?: string }) {
  return (
    <TextField
      {...field}
      flaws={flawsAt(error, at)}
      value={draft[name]}
      onChange={(event) => set({ [name]: event.target.value })}
    />
  )
}
