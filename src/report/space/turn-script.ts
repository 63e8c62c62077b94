/**
 * Lets globes and balls of a figure be turned: by dragging, and by two sliders for those who do not drag. It does what `turned`, `globe` and
 * `ball` do, for points `[n, 3]` that come with each picture. Without it the pictures stand still.
 */
export const turnScript = `
for (const figure of document.querySelectorAll('.turning')) {
  const [yaw, pitch] = figure.dataset.turn.split(' ').map(Number)
  const turn = { yaw, pitch }
  const unit = 400 / 2.1
  const at = (u, v) => [Math.round((u + 1.05) * unit), Math.round((1.05 - v) * unit)]
  const seen = (x, y, z, { yaw, pitch }) => {
    const [c, s, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)]
    const ahead = c * x + s * y
    return [c * y - s * x, cp * z - sp * ahead, cp * ahead + sp * z]
  }
  const lines = []
  const place = (a, b) => [Math.cos(b) * Math.cos(a), Math.cos(b) * Math.sin(a), Math.sin(b)]
  const steps = n => Array.from({ length: n + 1 }, (_, i) => i / n)
  for (let k = 0; k < 12; k++) lines.push(steps(36).map(p => place(k * Math.PI / 6, (p - .5) * Math.PI)))
  for (let k = -2; k <= 2; k++) lines.push(steps(72).map(p => place(2 * p * Math.PI, k * Math.PI / 6)))
  const linePath = (line, view) => {
    let path = '', down = false
    for (const point of line) {
      const [u, v, depth] = seen(...point, view)
      if (depth >= 0) path += (down ? 'L' : 'M') + at(u, v)
      down = depth >= 0
    }
    return path
  }
  const pictures = [...figure.querySelectorAll('svg[data-turning]')].map(svg => ({
    svg,
    isGlobe: svg.dataset.turning === 'globe',
    layers: svg.dataset.points.split(' ').map(text => new Int16Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer)),
    panels: [...svg.querySelectorAll('g')].map(g => ({ lines: g.querySelector('.lines'), dots: [...g.querySelectorAll('.dots')] })),
  }))
  const draw = () => {
    for (const { isGlobe, layers, panels } of pictures) panels.forEach(({ lines: drawn, dots }, k) => {
      const view = k === 0 ? turn : isGlobe ? { yaw: turn.yaw + Math.PI, pitch: -turn.pitch } : { yaw: turn.yaw, pitch: turn.pitch + Math.PI / 2 }
      if (isGlobe) drawn.setAttribute('d', lines.map(line => linePath(line, view)).join(''))
      layers.forEach((layer, j) => {
        let path = ''
        for (let i = 0; i < layer.length; i += 3) {
          const [u, v, depth] = seen(layer[i] / 32000, layer[i + 1] / 32000, layer[i + 2] / 32000, view)
          if (depth >= 0 || !isGlobe) path += 'M' + at(u, v) + 'h0'
        }
        dots[j].setAttribute('d', path)
      })
    })
  }
  let waiting = false
  const later = () => {
    if (waiting) return
    waiting = true
    requestAnimationFrame(() => { waiting = false; draw() })
  }
  const bar = figure.insertBefore(document.createElement('div'), figure.firstChild)
  bar.className = 'turn-bar'
  const slider = (name, limit, get, set) => {
    const label = bar.appendChild(document.createElement('label'))
    label.textContent = name + ' '
    const input = label.appendChild(document.createElement('input'))
    Object.assign(input, { type: 'range', min: -limit, max: limit, step: 1, value: Math.round(get() * 180 / Math.PI) })
    input.addEventListener('input', () => { set(input.value * Math.PI / 180); later() })
    return () => { input.value = Math.round(get() * 180 / Math.PI) }
  }
  const around = angle => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI))
  const show = [
    slider('Turn', 180, () => around(turn.yaw), value => { turn.yaw = value }),
    slider('Tilt', 90, () => turn.pitch, value => { turn.pitch = value }),
  ]
  for (const { svg } of pictures) {
    let from
    svg.addEventListener('pointerdown', event => {
      from = event
      svg.setPointerCapture(event.pointerId)
    })
    svg.addEventListener('pointermove', event => {
      if (!from) return
      const radius = svg.clientWidth / 2.1
      turn.yaw -= (event.clientX - from.clientX) / radius
      turn.pitch = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, turn.pitch + (event.clientY - from.clientY) / radius))
      from = event
      for (const each of show) each()
      later()
    })
    for (const end of ['pointerup', 'pointercancel']) svg.addEventListener(end, () => { from = undefined })
  }
}`
