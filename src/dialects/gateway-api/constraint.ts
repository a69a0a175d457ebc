import { z } from 'zod'

/** The group of all kinds of the Gateway API. */
export const gatewayApiGroup = 'gateway.networking.k8s.io'

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** An API group; '' is the core group. */
export const group = z
  .string()
  .max(253)
  .refine((text) => text === '' || subdomain.test(text), {
    message: 'must be an API group, such as apps or example.com, or "" for the core group',
  })

export const kind = z
  .string()
  .max(63)
  .regex(/^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/, { message: 'must be a kind, such as Service' })

export const objectName = z.string().min(1).max(253)

export const namespaceName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, {
    message: 'must be a namespace: lower-case letters, digits and -',
  })

/** Name of a listener, or of a rule. */
export const sectionName = z
  .string()
  .min(1)
  .max(253)
  .regex(subdomain, { message: 'must be lower-case letters, digits, - and .' })

/** The Gateway API's Hostname: RFC 1123, perhaps with `*.` before it, and no address. */
export const hostname = z
  .string()
  .min(1)
  .max(253)
  .superRefine((text, context) => {
    const name = text.startsWith('*.') ? text.slice(2) : text
    if (subdomain.test(name) && !/^\d+(\.\d+){3}$/.test(name)) return
    const lower = text.toLowerCase()
    const hint =
      lower !== text && subdomain.test(lower.replace(/^\*\./, '')) ? { hint: `write ${lower}` } : {}
    context.addIssue({
      code: 'custom',
      message: 'must be a host name in lower case, perhaps with "*." before it; no address, no port',
      params: hint,
    })
  })
