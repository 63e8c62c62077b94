/** The cheapest one-to-one assignment of rows to columns, and the prices that prove it. */
export interface Assignment {
  /** The column of each row. */
  readonly columnOf: Int32Array
  /** Dual prices with `rowPrice[i] + columnPrice[j] <= cost[i, j]`, equal where `i` is assigned to `j`, up to rounding. */
  readonly rowPrice: Float64Array
  readonly columnPrice: Float64Array
}

/** Bids in a row before the shortest paths take over. */
const BIDS = 8
/** Size from which the prices of half of the rows and columns are a good beginning. */
const COARSE = 100

interface State {
  readonly n: number
  readonly cost: Float64Array
  readonly columnOf: Int32Array
  readonly rowOf: Int32Array
  readonly price: Float64Array
}

/**
 * Solves the assignment problem of a square cost matrix exactly, in `O(n^3)` at worst: rows bid for columns, then each row
 * that is left is assigned along a shortest augmenting path. Jonker and Volgenant, A shortest augmenting path algorithm for
 * dense and sparse linear assignment problems, 1987. Prices begin at those of the problem of every other row and column,
 * which makes the paths short where rows and columns are points in any order.
 *
 * @param cost  `[n, n]`, row after row, every number finite
 */
export function assign(cost: Float64Array, n: number): Assignment {
  const price = n < COARSE ? cheapest(cost, n) : coarsePrices(cost, n)
  const columnOf = new Int32Array(n).fill(-1)
  const rowOf = new Int32Array(n).fill(-1)
  const state: State = { n, cost, columnOf, rowOf, price }
  bid(state).forEach(searcher(state))
  const rowPrice = Float64Array.from(columnOf, (j, i) => cost[i * n + j] - price[j])
  return { columnOf, rowPrice, columnPrice: price }
}

/** The highest prices of columns that the row prices of half of the problem allow. */
function coarsePrices(cost: Float64Array, n: number): Float64Array {
  const half = n >> 1
  const part = new Float64Array(half * half)
  for (let i = 0; i < half; i++) {
    for (let j = 0; j < half; j++) part[i * half + j] = cost[2 * i * n + 2 * j]
  }
  const { rowPrice } = assign(part, half)
  const price = new Float64Array(n).fill(Infinity)
  for (let i = 0; i < half; i++) {
    for (let j = 0; j < n; j++) price[j] = Math.min(price[j], cost[2 * i * n + j] - rowPrice[i])
  }
  return price
}

/** The least cost of each column. */
function cheapest(cost: Float64Array, n: number): Float64Array {
  const least = cost.slice(0, n)
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (cost[i * n + j] < least[j]) least[j] = cost[i * n + j]
    }
  }
  return least
}

/**
 * Lets each row take its cheapest column and lower its price by what it saves over the second cheapest; who is turned out
 * bids next, for a few times.
 *
 * @returns the rows without a column
 */
function bid({ n, cost, columnOf, rowOf, price }: State): number[] {
  const waiting: number[] = []
  for (let first = 0; first < n; first++) {
    let row = first
    for (let bids = 0; bids < BIDS && row >= 0; bids++) {
      const { column, saved } = cheapestFor(cost, row * n, price)
      price[column] -= saved
      const before = rowOf[column]
      rowOf[column] = row
      columnOf[row] = column
      if (before >= 0) columnOf[before] = -1
      row = before
    }
    if (row >= 0) waiting.push(row)
  }
  return waiting
}

/** The cheapest column of a row, and what it saves over the second cheapest; nothing where there is no other. */
function cheapestFor(cost: Float64Array, at: number, price: Float64Array): { column: number; saved: number } {
  let column = 0
  let least = cost[at] - price[0]
  let second = Infinity
  for (let j = 1; j < price.length; j++) {
    const reduced = cost[at + j] - price[j]
    if (reduced >= second) continue
    if (reduced < least) {
      second = least
      least = reduced
      column = j
    } else {
      second = reduced
    }
  }
  return { column, saved: second === Infinity ? 0 : second - least }
}

/** Assigns one more row along the shortest path to a free column. */
function searcher({ n, cost, columnOf, rowOf, price }: State): (start: number) => void {
  const distance = new Float64Array(n)
  const from = new Int32Array(n)
  // The first `reached` columns have their final distance, the others follow.
  const columns = new Int32Array(n)

  return start => {
    for (let j = 0; j < n; j++) columns[j] = j
    distance.fill(Infinity)
    let [row, reached, length, sink] = [start, 0, 0, -1]
    while (sink < 0) {
      const offset = row === start ? 0 : cost[row * n + columnOf[row]] - price[columnOf[row]] - length
      let [nearest, least] = [reached, Infinity]
      for (let k = reached; k < n; k++) {
        const j = columns[k]
        const through = cost[row * n + j] - price[j] - offset
        if (through < distance[j]) {
          distance[j] = through
          from[j] = row
        }
        // Among equals a free column ends the search.
        if (distance[j] < least || (distance[j] === least && rowOf[j] < 0)) {
          least = distance[j]
          nearest = k
        }
      }
      const column = columns[nearest]
      columns[nearest] = columns[reached]
      columns[reached++] = column
      length = least
      if (rowOf[column] < 0) sink = column
      else row = rowOf[column]
    }
    for (let k = 0; k < reached; k++) price[columns[k]] += distance[columns[k]] - length
    for (let column = sink; column >= 0; ) {
      const owner = from[column]
      const next = columnOf[owner]
      rowOf[column] = owner
      columnOf[owner] = column
      column = owner === start ? -1 : next
    }
  }
}
