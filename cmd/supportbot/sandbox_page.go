package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"

	"supportbot/integrations/sandbox/page"
	"supportbot/store"
)

// latest is how many events and actions the page shows at most, of each.
const latest = 100

// servePage shows a world in a browser, with what its bot has stored lately, at an address of this machine only. unserve
// ends it.
func servePage(w *world, history func() ([]page.Row, error), address string) (where string, unserve func(), err error) {
	var manifest bytes.Buffer
	if err := writeManifest(&manifest, needs()); err != nil {
		return "", nil, err
	}
	p, err := w.page(manifest.Bytes(), history)
	if err != nil {
		return "", nil, err
	}
	return serveLocally(p, address)
}

// page shows a world with an app that has this manifest. Nil for history shows nothing that the app has stored.
func (w *world) page(manifest []byte, history func() ([]page.Row, error)) (*page.Page, error) {
	var app struct {
		Features struct {
			Commands  []page.Command  `yaml:"slash_commands"`
			Shortcuts []page.Shortcut `yaml:"shortcuts"`
		} `yaml:"features"`
	}
	if err := yaml.Unmarshal(manifest, &app); err != nil {
		return nil, fmt.Errorf("the app's manifest: %w", err)
	}
	return page.New(page.Options{
		Slack: w.slack, GitHub: w.github, Clock: w.clock, World: w.shown(), History: history,
		Commands: app.Features.Commands, Shortcuts: app.Features.Shortcuts,
	})
}

// serveLocally answers at an address that is of this machine alone.
func serveLocally(h http.Handler, address string) (where string, unserve func(), err error) {
	if _, err := listenAddress(address); err != nil {
		return "", nil, usageError{fmt.Errorf("--listen %w", err)}
	}
	at, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return "", nil, usageError{fmt.Errorf("--listen: %w", err)}
	}
	if !at.IP.IsLoopback() {
		return "", nil, usageError{fmt.Errorf("--listen: %s is not on this machine alone; use 127.0.0.1", address)}
	}
	listener, err := net.ListenTCP("tcp", at)
	if err != nil {
		return "", nil, notListening("--listen", address, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until it is closed
	}()
	return listener.Addr().String(), func() {
		_ = server.Close() // of a listener that is ours
		<-served
	}, nil
}

// latestRows is what the bot has stored lately.
func latestRows(db *store.DB) (rows []page.Row, err error) {
	err = db.View(func(v *store.View) error {
		events, actions, err := v.Latest(latest)
		for _, e := range events {
			rows = append(rows, page.Row{
				ID: "event-" + strconv.FormatInt(e.ID, 10), Kind: "event", At: e.TakenAt, Subject: e.Subject, Name: e.Kind, State: e.State, Detail: string(e.Body),
			})
		}
		for _, a := range actions {
			rows = append(rows, page.Row{
				ID: "action-" + strconv.FormatInt(a.ID, 10), Kind: "action", At: a.PlannedAt, Subject: a.Subject, Name: a.Kind, State: actionState(a), Detail: string(a.Body),
			})
		}
		return err
	})
	return rows, err
}

// actionState is an action's state, with what went wrong so far.
func actionState(a store.Action) string {
	if a.State != store.Done && a.Error != "" {
		return a.State + ": " + a.Error
	}
	return a.State
}
