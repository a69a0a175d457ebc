/** The public API: a control plane that runs inside another Node program. */
export { startControlPlane } from './control-plane/control-plane.ts'
export type { ControlPlane } from './control-plane/control-plane.ts'
export { defaultSettings } from './control-plane/config.ts'
export type { Config } from './control-plane/config.ts'
export type { ControlPlaneEvent, MirrorChange, ShownDiagnostic } from './observe/event.ts'
