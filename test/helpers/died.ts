import type { Reporter, TestModule } from 'vitest/node'

/** Names the files whose process died, and the first test that has no result: Vitest only says that a process did. */
export const died: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    for (const module of modules) {
      if (module.state() !== 'pending') continue
      const left = [...module.children.allTests('pending')]
      console.error(`died: ${module.relativeModuleId}, ${left.length} tests left, at: ${left[0]?.fullName}`)
    }
  },
}
