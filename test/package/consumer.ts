import { drawNoise, jumpThrough, load, train, uniformGrid } from 'oxbow'
import { jvp, simplify, spec, type Tensor, trace } from 'oxbow/autodiff'
import { drawNoise as drawInPage, load as loadInPage, sample } from 'oxbow/web'

async function main(): Promise<void> {
  await train({ data: 'ring', steps: 2, batch: 8 }, { directory: 'trained' })
  const map = await load('trained')
  const points: Float32Array = await jumpThrough(map.jump, drawNoise(4, map.dimension, 7), uniformGrid(2))
  await map.close()
  const graph = simplify(trace((x: Tensor) => x.mul(x), spec([2])))
  const inPage: typeof loadInPage = loadInPage
  console.log(
    points.length,
    graph.nodes.length,
    typeof jvp,
    typeof inPage,
    typeof sample,
    drawInPage(1, 2, 7).length,
  )
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
