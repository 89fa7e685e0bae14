package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// A File is a file that comes with a message. Of one that was deleted Slack keeps the id.
type File struct {
	ID         string `json:"id"`
	Created    int64  `json:"created,omitempty"` // seconds
	Name       string `json:"name,omitempty"`
	Title      string `json:"title,omitempty"` // Name if not set
	Mimetype   string `json:"mimetype,omitempty"`
	Filetype   string `json:"filetype,omitempty"`
	User       string `json:"user,omitempty"`
	Mode       string `json:"mode"` // "hosted", "snippet", "external" or "tombstone"
	IsExternal bool   `json:"is_external,omitempty"`
	Size       int    `json:"size,omitempty"` // bytes
	URLPrivate string `json:"url_private,omitempty"`
	Permalink  string `json:"permalink,omitempty"`
	Preview    string `json:"preview,omitempty"` // of a snippet: its first lines

	Content []byte `json:"-"` // what is served at URLPrivate
}

// formats are the types that Slack finds for the ends of names: MIME type and filetype.
var formats = map[string][2]string{
	".csv": {"text/csv", "csv"}, ".json": {"application/json", "json"}, ".log": {"text/plain", "text"}, ".md": {"text/markdown", "markdown"},
	".pdf": {"application/pdf", "pdf"}, ".png": {"image/png", "png"}, ".sql": {"text/plain", "sql"}, ".txt": {"text/plain", "text"},
	".yaml": {"text/plain", "yaml"}, ".html": {"text/html", "html"}, "": {"text/plain", "text"},
}

const previewLines = 5

// upload takes in the files of a message and returns what the message says of them. What is set already is kept.
func (s *Slack) upload(files []File, user string) (told []File) {
	for _, f := range files {
		if f.ID == "" {
			f.ID = s.newID("F")
		}
		f.Created = cmp.Or(f.Created, s.clock.Now().Unix())
		f.Title, f.User, f.Mode = cmp.Or(f.Title, f.Name), cmp.Or(f.User, user), cmp.Or(f.Mode, "hosted")
		f.IsExternal = f.IsExternal || f.Mode == "external"
		f.Size = cmp.Or(f.Size, len(f.Content))
		format, known := formats[strings.ToLower(path.Ext(f.Name))]
		if !known {
			format = [2]string{"application/octet-stream", "binary"}
		}
		f.Mimetype, f.Filetype = cmp.Or(f.Mimetype, format[0]), cmp.Or(f.Filetype, format[1])
		slug := url.PathEscape(strings.ReplaceAll(strings.ToLower(f.Name), " ", "_"))
		f.Permalink = cmp.Or(f.Permalink, fmt.Sprintf("https://%s.slack.com/files/%s/%s/%s", slackDomain, f.User, f.ID, slug))
		f.URLPrivate = cmp.Or(f.URLPrivate, fmt.Sprintf("http://%s/files-pri/%s-%s/%s", s.address, slackTeam, f.ID, slug))
		if f.Mode == "snippet" && f.Preview == "" {
			lines := bytes.SplitN(f.Content, []byte("\n"), previewLines+1)
			f.Preview = string(bytes.Join(lines[:min(len(lines), previewLines)], []byte("\n")))
		}
		kept := f
		s.files[f.ID] = &kept
		told = append(told, f)
	}
	return told
}

// DeleteFile deletes a file, as its owner does. The messages that had it say that it is gone, which Slack doesn't
// call an edit; a message that was nothing else goes with it.
func (s *Slack) DeleteFile(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bury(id)
	for _, channel := range sortedKeys(s.talks) {
		t := s.talks[channel]
		for _, ts := range sortedKeys(t.byTS) {
			s.dropFile(s.channel(channel), t.byTS[ts], id)
		}
	}
	s.emit(event{name: "file_deleted", scope: "files:read", body: map[string]any{"type": "file_deleted", "file_id": id, "event_ts": s.nextTS()}})
}

// bury leaves of a file that it was there.
func (s *Slack) bury(id string) {
	f := s.files[id]
	if f == nil {
		panic("sandbox: no file " + id)
	}
	*f = File{ID: id, Mode: "tombstone"}
}

func (s *Slack) dropFile(c *Channel, m *Message, id string) {
	i := slices.IndexFunc(m.Files, func(f File) bool { return f.ID == id })
	if i < 0 {
		return
	}
	if m.Text == "" && len(m.Files) == 1 {
		s.delete(c, m)
		return
	}
	before := *m
	m.Files = slices.Clone(m.Files)
	m.Files[i] = File{ID: id, Mode: "tombstone"}
	s.emitChange(c, before, *m)
}

// filesInfo knows the files of conversations that the bot is in, and of public channels.
func (s *Slack) filesInfo(a slackArgs) (answer, error) {
	f := s.files[a["file"]]
	switch {
	case f == nil || !s.shared(f.ID) && f.Mode != "tombstone":
		return nil, refuse("file_not_found")
	case f.Mode == "tombstone":
		return nil, refuse("file_deleted")
	}
	return answer{"file": *f, "comments": []any{}, "response_metadata": answer{"next_cursor": ""}}, nil
}

// shared says whether a message that the bot may read has the file.
func (s *Slack) shared(id string) bool {
	for channel, t := range s.talks {
		c := s.channel(channel)
		if !c.public() && !c.has(slackBotUser) {
			continue
		}
		for _, m := range t.byTS {
			if slices.ContainsFunc(m.Files, func(f File) bool { return f.ID == id }) {
				return true
			}
		}
	}
	return false
}

// serveFile serves the content of a file. Whoever may not read it is not refused, but sent to the page on which
// people sign in.
func (s *Slack) serveFile(w http.ResponseWriter, r *http.Request) {
	s.Faults.serve(s.clock, "files-pri", w, r, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		_, id, _ := strings.Cut(r.PathValue("file"), "-")
		var f File
		if stored := s.files[id]; stored != nil && bearer(r) == s.BotToken() && !s.revoked && s.scopes["files:read"] && s.shared(id) {
			f = *stored
		}
		s.mu.Unlock()
		if f.ID == "" || f.Mode == "tombstone" {
			http.Redirect(w, r, "/sign-in?redir="+url.QueryEscape(r.URL.Path), http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", f.Mimetype)
		_, _ = w.Write(f.Content)
	})
}

func serveSignIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html><html lang=\"en-US\"><head><title>Sign in to %s | Slack</title></head><body>%s</body></html>",
		slackDomain, html.EscapeString(r.URL.Query().Get("redir")))
}

// A Ref names a message.
type Ref struct{ Channel, TS string }

// A share is how a message carries one that it forwards. Slack does not document it; the fields are those of its
// events, as in https://github.com/MercuryTechnologies/slack-web, tests/golden/SlackWebhookEvent.
type share struct {
	FromURL       string         `json:"from_url"`
	TS            string         `json:"ts"`
	AuthorID      string         `json:"author_id,omitempty"`
	ChannelID     string         `json:"channel_id"`
	ChannelTeam   string         `json:"channel_team"`
	ChannelName   string         `json:"channel_name,omitempty"`
	IsMsgUnfurl   bool           `json:"is_msg_unfurl"`
	MessageBlocks []messageBlock `json:"message_blocks"`
	Files         []File         `json:"files,omitempty"`
	ID            int            `json:"id"`
	Color         string         `json:"color"`
	IsShare       bool           `json:"is_share"`
	Fallback      string         `json:"fallback"`
	Text          string         `json:"text"`
	AuthorName    string         `json:"author_name"`
	MrkdwnIn      []string       `json:"mrkdwn_in"`
	Footer        string         `json:"footer"`
}

type messageBlock struct {
	Team    string `json:"team"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Message struct {
		Blocks any `json:"blocks"`
	} `json:"message"`
}

// shares are the attachments by which a message forwards others.
func (s *Slack) shares(forwards []Ref) json.RawMessage {
	var all []share
	for i, ref := range forwards {
		c, m := s.channel(ref.Channel), s.message(ref.Channel, ref.TS)
		a := share{
			FromURL: permalink(c, m), TS: m.TS, AuthorID: m.User, ChannelID: c.ID, ChannelTeam: slackTeam, ChannelName: c.Name,
			IsMsgUnfurl: true, IsShare: true, Files: m.Files, ID: i + 1, Color: "D0D0D0", Text: m.Text, MrkdwnIn: []string{"text"},
			AuthorName: m.Username, Fallback: "[" + m.TS + "] " + m.Text, Footer: "Posted in #" + c.Name,
		}
		if p := s.people[m.User]; p != nil {
			a.AuthorName = p.DisplayName
		}
		if c.IM {
			a.ChannelName, a.Footer = "Direct Message", "Direct message"
		}
		block := messageBlock{Team: slackTeam, Channel: c.ID, TS: m.TS}
		block.Message.Blocks = m.Blocks
		a.MessageBlocks = []messageBlock{block}
		all = append(all, a)
	}
	attachments, err := json.Marshal(all)
	if err != nil {
		panic("sandbox: forwarded messages: " + err.Error())
	}
	return attachments
}
