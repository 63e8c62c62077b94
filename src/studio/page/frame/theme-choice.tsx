import { effect, signal } from '@preact/signals'

const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'oxbow-theme'

/** What was chosen before, where the browser lets the page remember. */
function remembered(): Theme {
  try {
    const found = localStorage.getItem(KEY)
    return THEMES.find(theme => theme === found) ?? 'auto'
  } catch {
    return 'auto'
  }
}

const theme = signal<Theme>(remembered())

effect(() => {
  if (theme.value === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.value
  try {
    if (theme.value === 'auto') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, theme.value)
  } catch {
    // The theme then lasts as long as the page.
  }
})

const NAMES: Readonly<Record<Theme, string>> = { auto: 'Auto', light: 'Light', dark: 'Dark' }

export function ThemeChoice() {
  return (
    <label class="theme">
      <span>Theme</span>
      <select
        value={theme.value}
        onChange={event => {
          theme.value = event.currentTarget.value as Theme
        }}
      >
        {THEMES.map(name => (
          <option key={name} value={name}>
            {NAMES[name]}
          </option>
        ))}
      </select>
    </label>
  )
}
