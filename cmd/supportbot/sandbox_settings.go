package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"supportbot/integrations/sandbox/page"
	"supportbot/store"
)

// standBy writes settings for a bot in another terminal, and keeps the stand-ins and their page for it until ctx ends.
func (s sandboxCmd) standBy(ctx context.Context, e *environment, w *world) (err error) {
	if err := writeNew(s.Settings, w.settingsText()); err != nil {
		return usageError{fmt.Errorf("--settings: %w", err)}
	}
	defer func() { err = errors.Join(err, os.Remove(s.Settings)) }()
	address, unserve, err := servePage(w, func() ([]page.Row, error) { return rowsBeside(w.settings.Store.Path) }, s.Listen)
	if err != nil {
		return err
	}
	defer unserve()
	fmt.Fprintf(e.stdout, standingBy, w.slack.AppToken(), w.slack.BotToken(), w.github.Token(), s.Settings, s.Settings, address)
	<-ctx.Done()
	return nil
}

const standingBy = `Slack and GitHub are played here until you interrupt this. The bot is yours to run, in another terminal:

  export SLACK_APP_TOKEN=%s SLACK_BOT_TOKEN=%s GITHUB_TOKEN=%s
  supportbot check --config %s
  supportbot run --config %s

People write to it at http://%s/ in your browser.
`

// settingsText is a settings file with which a bot runs in w.
func (w *world) settingsText() string {
	s := w.settings
	return fmt.Sprintf(`# Written by supportbot sandbox, which deletes it when it ends, and the database with it.
slack:
  api_url: %s
  support_group: %s
  ops_channel: %s
github:
  base_url: %s
  repository: %s
store:
  path: %q
http:
  listen: %s # a free port; the log says which
`, s.Slack.APIURL, s.Slack.SupportGroup, s.Slack.OpsChannel, s.GitHub.BaseURL, s.GitHub.Repository, s.Store.Path, s.HTTP.Listen)
}

// writeNew writes a file that is not there yet.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already; delete it, or choose another name", path)
	case err != nil:
		return fmt.Errorf("%s can't be written: %w", path, errors.Unwrap(err))
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// rowsBeside is what a bot in another process has stored lately, once it has a database.
func rowsBeside(path string) (rows []page.Row, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	db, err := store.OpenReadOnly(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if errors.Is(db.Fit(), store.ErrEmpty) {
		return nil, nil
	}
	return latestRows(db)
}
