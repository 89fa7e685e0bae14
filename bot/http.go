package bot

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"supportbot/store"
)

// Health answers /healthz (the process lives) and /readyz (it can take mentions in).
func (m *Machine) Health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", m.ready)
	return mux
}

// ready says what keeps us from taking mentions in; a service that is paused or does not work does not, but is named.
func (m *Machine) ready(w http.ResponseWriter, _ *http.Request) {
	var wrong []string
	if m.open.Load() == 0 {
		wrong = append(wrong, "no socket to Slack is open")
	}
	if n := m.door.refused.Load(); n > 0 {
		wrong = append(wrong, fmt.Sprintf("too many envelopes wait to be stored; %d were left for Slack to send again", n))
	}
	if err := m.Store.View(func(*store.View) error { return nil }); err != nil {
		wrong = append(wrong, "the database can't be read")
	}
	if len(wrong) > 0 {
		http.Error(w, strings.Join(wrong, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, strings.Join(slices.Concat([]string{"ready"}, m.pauses(), m.troubles()), "\n"))
}

// troubles says which services do not work, a line each.
func (m *Machine) troubles() (lines []string) {
	for _, name := range m.serviceNames() {
		p := m.performers[name]
		if trouble := p.health.trouble(); trouble != "" {
			lines = append(lines, p.service.Title+" "+trouble)
		}
	}
	return lines
}
