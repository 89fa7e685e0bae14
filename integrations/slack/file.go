package slack

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"supportbot/integrations"
	"supportbot/integrations/redact"
)

// MaxText is how long a file may be, in bytes, whose text is read.
const MaxText = 20 << 10

// IsText says whether a file of this MIME type and of Slack's filetype is text that people read.
// Source of the filetypes: https://docs.slack.dev/reference/objects/file-object#types.
func IsText(mimetype, filetype string) bool {
	mimetype, _, _ = strings.Cut(strings.ToLower(mimetype), ";")
	return strings.HasPrefix(mimetype, "text/") && mimetype != "text/rtf" ||
		slices.Contains(textMimetypes, mimetype) || slices.Contains(textFiletypes, strings.ToLower(filetype))
}

var textMimetypes = []string{
	"application/json", "application/x-ndjson", "application/xml", "application/yaml", "application/x-yaml", "application/toml",
	"application/sql", "application/x-sql", "application/x-sh",
}

// textFiletypes are the filetypes of text, and of programs that it is worth reading.
var textFiletypes = []string{
	"text", "log", "csv", "tsv", "json", "ndjson", "yaml", "yml", "toml", "ini", "xml", "html", "markdown", "diff", "sql",
	"shell", "powershell", "batch", "dockerfile", "python", "javascript", "typescript", "java", "kotlin", "scala", "go", "ruby",
	"php", "perl", "r", "c", "cpp", "csharp", "swift", "rust", "lua", "groovy", "css", "puppet", "haskell", "clojure",
}

// A FileText is the result of slack.read_file: the text of a file, less its secrets.
type FileText struct {
	ID       string   `json:"id"`
	Text     string   `json:"text"`
	Withheld []string `json:"withheld,omitempty"` // kinds of the secrets taken out
	Key      bool     `json:"key,omitempty"`      // it holds a key, so nothing of it is shown
	Not      string   `json:"not,omitempty"`      // why it has no text to show
}

// Reasons why a file has no text to show.
const (
	notAtSlack = "not at Slack"
	notText    = "not text"
	notShort   = "too long"
)

// FileText reads the text of a file (files.info, and then where the file is). Only the redacted text leaves here. The
// token goes to Slack's own hosts and to that of the API alone, which slack-go sees to: the address of a file may be
// whatever its creator chose.
func (c *Client) FileText(ctx context.Context, r *redact.Redactor, id string) (FileText, error) {
	const method = "files.info"
	info, err := attempt(ctx, method, func(ctx context.Context) (*slack.File, error) {
		f, _, _, err := c.api.GetFileInfoContext(ctx, id, 0, 0)
		return f, err
	})
	if err != nil {
		return FileText{}, err
	}
	if info.ID == "" {
		return FileText{}, broken(method)
	}
	switch {
	case redact.IsKeyFile(info.Name, info.Mimetype) || redact.IsKeyFile(info.Title, info.Mimetype):
		return FileText{ID: id, Key: true, Withheld: []string{redact.KeyFile}}, nil
	case info.IsExternal || info.Mode == "external":
		return FileText{ID: id, Not: notAtSlack}, nil
	case !IsText(info.Mimetype, info.Filetype):
		return FileText{ID: id, Not: notText}, nil
	case info.Size > MaxText:
		return FileText{ID: id, Not: notShort}, nil
	}
	content, err := c.download(ctx, info)
	if err != nil {
		return FileText{}, err
	}
	return textOf(r, id, content), nil
}

// textOf returns what may be shown of the content of a file.
func textOf(r *redact.Redactor, id string, content []byte) FileText {
	content = bytes.TrimPrefix(content, []byte("\uFEFF")) // the mark by which Windows begins a text
	switch {
	case len(content) > MaxText:
		return FileText{ID: id, Not: notShort}
	case !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0:
		return FileText{ID: id, Not: notText}
	}
	clean, withheld := r.TypedString(string(content))
	if redact.HoldsKey(withheld) {
		return FileText{ID: id, Withheld: withheld, Key: true}
	}
	return FileText{ID: id, Text: clean, Withheld: withheld}
}

// download returns the content of a file. Slack does not refuse whoever may not read it, but sends a page on which
// people sign in.
func (c *Client) download(ctx context.Context, f *slack.File) ([]byte, error) {
	const method = "file"
	content, err := attempt(ctx, method, func(ctx context.Context) ([]byte, error) {
		var content bytes.Buffer
		err := c.api.GetFileContext(ctx, f.URLPrivate, &content)
		return content.Bytes(), err
	})
	var failure *integrations.Error
	if errors.As(err, &failure) && failure.Failure == integrations.Locked {
		failure.Failure = integrations.Rejected // of this one file: the rest of Slack may be well
	}
	if err == nil && len(content) != f.Size && isPage(content) {
		err = &integrations.Error{Op: "slack: " + method, Code: "sign-in page", Failure: integrations.Rejected}
	}
	return content, err
}

// isPage says whether content is a page of HTML.
func isPage(content []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(content[:min(len(content), 200)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

func (c *Client) readFile(r *redact.Redactor) integrations.Kind {
	return integrations.Kind{
		Name: "slack.read_file", Settling: integrations.Idempotent, Read: true, Lane: lane(laneFile),
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, asked Read) (FileText, error) {
			return c.FileText(ctx, r, asked.ID)
		}),
	}
}
