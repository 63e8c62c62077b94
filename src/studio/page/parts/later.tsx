import { useEffect, useState } from 'preact/hooks'

type View = () => preact.JSX.Element

/** A view whose code is loaded when it is first shown. */
export function later(load: () => Promise<View>): View {
  let loaded: View | null = null
  return function Later() {
    const [, shown] = useState(loaded !== null)
    useEffect(() => {
      if (!loaded) {
        load().then(view => {
          loaded = view
          shown(true)
        })
      }
    }, [])
    return loaded ? <LoadedView view={loaded} /> : <p role="status">Loading the view</p>
  }
}

/** A component of its own, so that the view has its own hooks. */
const LoadedView = ({ view: View }: { view: View }) => <View />
