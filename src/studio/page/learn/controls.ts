/** A slider of a figure. */
export function slider(
  { name, from, to, step, value }: { name: string; from: number; to: number; step: number; value: number },
  move: (value: number) => void,
): { readonly element: HTMLElement; set(value: number): void; rename(name: string): void } {
  const input = Object.assign(document.createElement('input'), {
    type: 'range',
    min: String(from),
    max: String(to),
    step: String(step),
    value: String(value),
  })
  const output = document.createElement('output')
  const say = (): void => {
    output.textContent = Number(input.value).toFixed(2)
  }
  input.addEventListener('input', () => {
    say()
    move(Number(input.value))
  })
  say()
  const element = document.createElement('label')
  element.className = 'slider'
  const title = document.createElement('span')
  title.textContent = name
  element.append(title, input, output)
  return {
    element,
    set(value) {
      input.value = String(value)
      say()
    },
    rename(name) {
      title.textContent = name
    },
  }
}

/** A choice of one of a few, as buttons of which one stays pressed. */
export function choice<T extends string>(
  name: string,
  options: readonly T[],
  first: T,
  choose: (value: T) => void,
): HTMLElement {
  const buttons = options.map(option => {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: option })
    button.setAttribute('aria-pressed', String(option === first))
    button.addEventListener('click', () => {
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === button))
      choose(option)
    })
    return button
  })
  const group = document.createElement('div')
  group.className = 'buttons'
  group.setAttribute('role', 'group')
  group.setAttribute('aria-label', name)
  group.append(...buttons)
  return group
}
