import type { Cloud } from '../draw/cloud.ts'

export type Point = readonly [number, number]

/** What the stage shows of a figure at a moment. */
export interface Picture {
  readonly clouds: readonly Cloud[]
  /** How far moving clouds are, 0 to 1; all the way where absent. */
  readonly progress?: number
  readonly lines?: readonly SVGElement[]
  /** What is to be seen, for a caption and for who only listens. */
  readonly words: string
  /** A point that can be taken by hand. */
  readonly held?: { readonly at: Point; readonly name: string; move(to: Point): void }
}

/** A live figure of the article. */
export interface Figure {
  /** What one does with it, in its section. */
  readonly controls: readonly HTMLElement[]
  picture(): Picture
  /** Called when it comes onto the stage. */
  enter?(): void
  /** Called when another one takes its place. */
  leave?(): void
}

/** @param changed  to be called when the picture is another one */
export type MakeFigure = (changed: () => void) => Figure
