package store

import "encoding/json"

// A File is a file that came with a message, as far as it may be shown: its name and its content are redacted.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Size  int64  `json:"size,omitempty"`  // bytes
	Link  string `json:"link,omitempty"`  // to where Slack shows it
	Key   bool   `json:"key,omitempty"`   // a key file: its content is never shown
	Gone  bool   `json:"gone,omitempty"`  // deleted, or not to be had any more
	State string `json:"state,omitempty"` // of its content
	Text  string `json:"text,omitempty"`  // its content, if that was read
}

// States of a File's content. A file that is only linked to (an image, a long log) has none.
const (
	FileUnread  = "unread"  // text, to be read
	FileReading = "reading" // its read is planned
	FileRead    = "read"
	FileFailed  = "failed" // it may not be read
	FileMissed  = "missed" // Slack failed to give it
)

// A Forward is another message that was forwarded in a message, redacted.
type Forward struct {
	Link    string          `json:"link"`              // to it in Slack
	Channel string          `json:"channel,omitempty"` // id of where it was said; only there it is known who may read it
	Author  string          `json:"author,omitempty"`  // id of the person, empty if it was a bot
	Doc     json.RawMessage `json:"doc,omitempty"`
	Files   []File          `json:"files,omitempty"`
}
