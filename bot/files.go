package bot

import (
	"encoding/json"
	"regexp"
	"slices"
	"time"

	"supportbot/bot/text"
	"supportbot/integrations/redact"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// rawFile holds the fields of a file that our rules look at (docs.slack.dev/reference/objects/file-object). A
// snippet's preview of its content is not among them.
type rawFile struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Mimetype   string `json:"mimetype"`
	Filetype   string `json:"filetype"`
	Mode       string `json:"mode"`
	IsExternal bool   `json:"is_external"`
	Size       int64  `json:"size"`
	Permalink  string `json:"permalink"`
}

// rawAttachment holds the fields of an attachment by which the preview of a link is known, and a forwarded message known
// and read. Slack does not document them; this is how its events look.
type rawAttachment struct {
	IsShare  bool            `json:"is_share"`
	FromURL  string          `json:"from_url"`
	Original string          `json:"original_url"`
	OfApp    string          `json:"app_unfurl_url"`
	Channel  string          `json:"channel_id"`
	Author   string          `json:"author_id"`
	Text     string          `json:"text"`
	Files    json.RawMessage `json:"files"`
	Messages []struct {
		Message struct{ Blocks json.RawMessage } `json:"message"`
	} `json:"message_blocks"`
}

// elements reads a list and leaves out what in it can't be read: for the sake of a file no message is lost.
func elements[T any](list json.RawMessage) []T {
	var raw []json.RawMessage
	if json.Unmarshal(list, &raw) != nil {
		return nil
	}
	var all []T
	for _, r := range raw {
		var one T
		if json.Unmarshal(r, &one) == nil {
			all = append(all, one)
		}
	}
	return all
}

func files(list json.RawMessage) (all []store.File) {
	for _, f := range elements[rawFile](list) {
		if f.ID != "" {
			all = append(all, f.file())
		}
	}
	return all
}

// file is f as we keep it, not yet redacted.
func (f rawFile) file() store.File {
	file := store.File{ID: f.ID, Name: f.Name, Size: max(f.Size, 0), Link: f.Permalink}
	switch {
	case f.Mode == "tombstone":
		return store.File{ID: f.ID, Gone: true}
	case redact.IsKeyFile(f.Name, f.Mimetype):
		file.Key = true
	case !f.IsExternal && f.Mode != "external" && slack.IsText(f.Mimetype, f.Filetype) && f.Size <= slack.MaxText:
		file.State = store.FileUnread
	}
	return file
}

// attachments returns the messages that were forwarded in one, and what else stands below it: what an app attached to it,
// or a table that was pasted. The preview of a link is neither: the text has the link.
func attachments(list json.RawMessage) (forwards []store.Forward, below text.Doc) {
	for _, raw := range elements[json.RawMessage](list) {
		var a rawAttachment
		known := json.Unmarshal(raw, &a) == nil
		switch {
		case known && a.IsShare && a.FromURL != "":
			forwards = append(forwards, store.Forward{
				Link: a.FromURL, Channel: a.Channel, Author: a.Author, Doc: encodeDoc(a.doc()), Files: linked(files(a.Files)),
			})
		case known && (a.IsShare || a.FromURL != "" || a.Original != "" || a.OfApp != ""):
		default:
			below = append(below, text.ParseAttachment(raw)...)
		}
	}
	return forwards, below
}

func (a rawAttachment) doc() text.Doc {
	var d text.Doc
	for _, m := range a.Messages {
		d = append(d, text.Parse(m.Message.Blocks, "")...)
	}
	if len(d) == 0 {
		d = text.Parse(nil, a.Text)
	}
	return d
}

// linked returns files that are only linked to.
func linked(all []store.File) []store.File {
	for i := range all {
		all[i].State = ""
	}
	return all
}

func encodeDoc(d text.Doc) json.RawMessage {
	if len(d) == 0 {
		return nil
	}
	data, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return data
}

// decodeDoc reads what encodeDoc wrote.
func decodeDoc(data json.RawMessage) (d text.Doc) {
	if len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, &d); err != nil {
		panic(err)
	}
	return d
}

// attached tells one set of files and forwards from another.
func (m Message) attached() (ids []string) {
	for _, f := range m.Files {
		if !f.Gone {
			ids = append(ids, f.ID)
		}
	}
	for _, f := range m.Forwards {
		ids = append(ids, f.Link)
	}
	return ids
}

// lost says whether a file that m had is gone.
func (m Message) lost() bool {
	return slices.ContainsFunc(m.Files, func(f store.File) bool { return f.Gone })
}

// lacks says whether m says nothing any more of a file that it was known to have.
func (m Message) lacks(known store.File) bool {
	return !known.Gone && !slices.ContainsFunc(m.Files, func(f store.File) bool { return f.ID == known.ID })
}

// lose has m say of the files that it was known to have, and lacks, that they are gone. Slack does not date that: it was
// noticed at a time.
func (m *Message) lose(known []store.File, at time.Time) {
	for i, k := range known {
		if m.lacks(k) {
			m.Files = slices.Insert(m.Files, min(i, len(m.Files)), store.File{ID: k.ID, Gone: true})
			m.Seen = FormatTS(at)
		}
	}
}

// redactFiles takes secrets out of the names of files, and counts key files as one.
func (d *door) redactFiles(files []store.File) (clean []store.File, withheld []string) {
	clean = slices.Clone(files)
	for i := range clean {
		f := &clean[i]
		name, kinds := d.m.Redactor.FileName(f.Name)
		if _, more := d.m.Redactor.TypedString(f.Link); name != f.Name || len(more) > 0 {
			f.Link = withoutName(f.Link)
		}
		f.Name = name
		if f.Key {
			kinds = append(kinds, redact.KeyFile)
		}
		withheld = append(withheld, kinds...)
	}
	return clean, withheld
}

// withoutName returns a file's permalink without the file's name at its end, which Slack can do without; nothing
// if it doesn't look like one.
func withoutName(permalink string) string {
	return permalinkOfFile.FindString(permalink)
}

var permalinkOfFile = regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(?::[0-9]+)?/files/[A-Z0-9]+/[A-Z0-9]+`)

// redactForwards takes secrets out of forwarded messages.
func (d *door) redactForwards(forwards []store.Forward) (clean []store.Forward, withheld []string) {
	clean = slices.Clone(forwards)
	for i := range clean {
		f := &clean[i]
		doc, kinds := d.redactDoc(decodeDoc(f.Doc))
		f.Doc = encodeDoc(doc)
		withheld = append(withheld, kinds...)
		if _, kinds := d.m.Redactor.TypedString(f.Link); len(kinds) > 0 {
			f.Link = ""
		}
		f.Files, kinds = d.redactFiles(f.Files)
		withheld = append(withheld, kinds...)
	}
	return clean, withheld
}

// redactDoc takes secrets out of a text and returns their kinds too.
func (d *door) redactDoc(doc text.Doc) (clean text.Doc, kinds []string) {
	clean = doc.Rewrite(func(parts []string) []string {
		parts, kinds = d.m.Redactor.Typed(parts)
		return parts
	})
	return clean, kinds
}
