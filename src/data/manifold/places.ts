/** Names of the columns of places. */
export const PLACES: readonly string[] = ['latitude', 'longitude']

/** Unit vectors `[n, 3]` as latitudes and longitudes `[n, 2]` in degrees: what is read as a point of the sphere, read backwards. */
export function placesOf(points: Float32Array): Float32Array {
  const places = new Float32Array((points.length / 3) * 2)
  for (let i = 0; i < points.length / 3; i++) {
    const [x, y, z] = points.subarray(3 * i, 3 * i + 3)
    places[2 * i] = (Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI
    places[2 * i + 1] = (Math.atan2(y, x) * 180) / Math.PI
  }
  return places
}
