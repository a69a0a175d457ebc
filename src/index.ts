/** The public API: a control plane that runs inside another Node program. */
export { startControlPlane } from './control-plane.ts'
export type { ControlPlane } from './control-plane.ts'
export { defaultSettings } from './config.ts'
export type { Config } from './config.ts'
export type { ControlPlaneEvent, MirrorChange, ShownDiagnostic } from './event.ts'
