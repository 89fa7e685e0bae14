// Package page shows a stand-in workspace in a browser, with the stand-in of GitHub and what goes on inside: a small
// Slack to try the bot in. Everything is rendered here; the script in static only sends forms and puts in what has
// changed.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"supportbot/integrations/sandbox"
)

// Options is what a page shows.
type Options struct {
	Slack  *sandbox.Slack
	GitHub *sandbox.GitHub
	Clock  *sandbox.Clock
	World  World
	// History returns what the bot has stored lately, the oldest first. Nil shows none.
	History func() ([]Row, error)
	// Commands and Shortcuts are what the app's manifest has under features.
	Commands  []Command
	Shortcuts []Shortcut
}

// A World is what a page tells of its company beside what Slack knows.
type World struct {
	Company string
	Person  string          // id of who you are at first
	Channel string          // id of where you are at first
	Roles   map[string]Text // of people, by id
	Topics  map[string]Text // of channels, by id
	Guide   []Step
}

// A Text is the same in both languages of the page.
type Text struct {
	EN string `yaml:"en"`
	JA string `yaml:"ja"`
}

// A Step of the guide: who says what where, or where to look, and what to see then.
type Step struct {
	Title Text
	See   Text
	As    string // id of a person
	In    string // id of a channel
	Say   Text   // put into the composer; empty if there is nothing to say
	Tab   string // "github" or "inside" if it is to be seen there
}

// A Row is something that the bot has stored: an event or an action.
type Row struct {
	ID      string // unique among rows
	Kind    string // "event" or "action"
	At      time.Time
	Subject string
	Name    string // the kind of event or action
	State   string
	Detail  string // JSON
}

// A Command is a slash command, as a manifest has it.
type Command struct {
	Name        string `yaml:"command"` // with its slash
	Usage       string `yaml:"usage_hint"`
	Description string `yaml:"description"`
}

// A Shortcut is what people start from the menu of a message, as a manifest has it. Those of other types are not shown.
type Shortcut struct {
	Name       string `yaml:"name"`
	Type       string `yaml:"type"` // "message" or "global"
	CallbackID string `yaml:"callback_id"`
}

// A Page is an http.Handler. Make one with New.
type Page struct {
	Options
	mux   *http.ServeMux
	pages *template.Template
	words words

	switches *switches

	mu   sync.Mutex
	seen map[seenKey]string // the newest ts of a channel that a person has seen
}

type seenKey struct{ person, channel string }

//go:embed static templates words.yml
var files embed.FS

// New returns a page. Its error is a mistake in its own templates or words.
func New(o Options) (*Page, error) {
	p := &Page{Options: o, seen: map[seenKey]string{}}
	var err error
	if p.words, err = readWords(files); err != nil {
		return nil, err
	}
	if p.pages, err = template.ParseFS(files, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	p.switches = newSwitches(o.Slack, o.GitHub)
	p.mux = http.NewServeMux()
	p.mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	p.mux.HandleFunc("GET /{$}", p.show("slack"))
	p.mux.HandleFunc("GET /github", p.show("github"))
	p.mux.HandleFunc("GET /inside", p.show("inside"))
	p.mux.HandleFunc("GET /live", p.live)
	p.mux.HandleFunc("POST /suggest", p.suggest)
	for path, do := range p.acts() {
		p.mux.HandleFunc("POST "+path, p.act(do))
	}
	return p, nil
}

// policy lets the page load nothing but its own files, and pictures from this machine.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data: http://127.0.0.1:*; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm is the size of a form that is read with its files, in bytes.
const maxForm = 8 << 20

// ServeHTTP answers browsers on this machine that came here by an address of this machine, and from no other site.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !loopback(r.Host) {
		http.Error(w, "This page answers by addresses of this machine only.", http.StatusMisdirectedRequest)
		return
	}
	if !sameOrigin(r) {
		http.Error(w, "This page takes nothing from other sites.", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	p.mux.ServeHTTP(w, r)
}

// loopback says whether host, with or without a port, can only be this machine: a name that somebody else's name
// server answers can't.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.IsLoopback()
}

// sameOrigin says whether a request comes from this page itself, from the address bar, or from a link to it.
func sameOrigin(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return false
	}
	site := r.Header.Get("Sec-Fetch-Site")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return site != "cross-site" || r.Header.Get("Sec-Fetch-Mode") == "navigate"
	case http.MethodPost: // a browser says where a form came from, by one header or the other
		return site == "same-origin" || site == "" && r.Header.Get("Origin") != ""
	}
	return false
}

// show answers with a whole page.
func (p *Page) show(tab string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at, err := p.place(tab, r.URL.Query())
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		parts, err := p.parts(at)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = p.pages.ExecuteTemplate(w, "page", frame{at, parts, p.composers(at)})
	}
}

// A frame is a page and what is in it.
type frame struct {
	*place
	Parts     map[string]template.HTML
	Composers composers
}

// parts renders what changes while the page is open, by name.
func (p *Page) parts(at *place) (map[string]template.HTML, error) {
	models := map[string]any{"status": p.status(at), "views": p.viewsOf(at)}
	switch at.Tab {
	case "slack":
		models["sidebar"], models["channel"], models["thread"] = p.sidebar(at), p.talk(at), p.thread(at)
	case "github":
		models["issues"], models["issue"] = p.issues(at), p.issue(at)
	case "inside":
		rows, err := p.flow(at)
		if err != nil {
			return nil, err
		}
		models["controls"], models["flow"] = p.controls(at), rows
	}
	parts := map[string]template.HTML{}
	for name, model := range models {
		var b bytes.Buffer
		if err := p.pages.ExecuteTemplate(&b, name, model); err != nil {
			return nil, fmt.Errorf("page: %w", err)
		}
		parts[name] = template.HTML(b.String())
	}
	return parts, nil
}
