package slack

import (
	"slices"
	"strings"
)

// MaxText is how long a file may be, in bytes, whose text is read.
const MaxText = 20 << 10

// IsText says whether a file of this MIME type and of Slack's filetype is text that people read.
// Source of the filetypes: https://docs.slack.dev/reference/objects/file-object#types.
func IsText(mimetype, filetype string) bool {
	mimetype, _, _ = strings.Cut(strings.ToLower(mimetype), ";")
	return strings.HasPrefix(mimetype, "text/") && mimetype != "text/rtf" || slices.Contains(textTypes, strings.ToLower(filetype)) ||
		slices.Contains([]string{"application/json", "application/x-ndjson", "application/xml", "application/yaml", "application/x-yaml",
			"application/sql", "application/x-sql", "application/x-sh", "application/toml"}, mimetype)
}

// textTypes are the filetypes of text, and of programs that it is worth reading.
var textTypes = []string{
	"text", "log", "csv", "tsv", "json", "ndjson", "yaml", "yml", "toml", "ini", "xml", "html", "markdown", "diff", "sql",
	"shell", "powershell", "batch", "dockerfile", "python", "javascript", "typescript", "java", "kotlin", "scala", "go", "ruby",
	"php", "perl", "r", "c", "cpp", "csharp", "swift", "rust", "lua", "groovy", "css", "puppet", "haskell", "clojure",
}
