import { backend, connection } from '../connection/backend.ts'
import { moveTo } from '../state/training.ts'

const WORDS = {
  lost: 'The studio’s server does not respond; the page keeps trying. If you stopped the server, start it again and open the address it prints.',
  renewed: 'The studio’s server was restarted: open the address it printed last.',
}

/** That the machine which trains is out of reach, and the way out: the page trains too. */
export function ConnectionNote() {
  if (connection.value === 'open' || backend.value === 'page') return null
  return (
    <div class="note" role="alert" data-note="connection">
      <p>{WORDS[connection.value]}</p>
      <button type="button" onClick={() => moveTo('page')}>
        Train in this page
      </button>
    </div>
  )
}
