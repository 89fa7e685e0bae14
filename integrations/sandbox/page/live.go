package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

// lookEvery is how often a page that is open is looked at for changes, in real time.
const lookEvery = 200 * time.Millisecond

// live sends the parts of a page that have changed, as server-sent events, until the browser leaves.
func (p *Page) live(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	tab := q.Get("tab")
	if tab != "github" && tab != "inside" {
		tab = "slack"
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	sent := map[string]template.HTML{}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		at, err := p.place(tab, q)
		if err != nil {
			return // the channel or the person is gone: the page says so when it is loaded again
		}
		parts, err := p.parts(at)
		if err != nil {
			return
		}
		for name, part := range parts {
			if sent[name] == part {
				continue
			}
			sent[name] = part
			data, err := json.Marshal(map[string]string{"part": name, "html": string(part)})
			if err != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
				return
			}
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
	}
}
