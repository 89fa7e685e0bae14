package page

import (
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"
)

// words are the texts of the page itself, by key.
type words map[string]Text

func readWords(files fs.FS) (words, error) {
	text, err := fs.ReadFile(files, "words.yml")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	w := words{}
	if err := yaml.Unmarshal(text, &w); err != nil {
		return nil, fmt.Errorf("page: words.yml: %w", err)
	}
	return w, nil
}

// say returns a text, or its key if there is none: a test looks at all keys that are used.
func (w words) say(lang, key string) string {
	t, ok := w[key]
	switch {
	case !ok:
		return key
	case lang == "ja":
		return t.JA
	}
	return t.EN
}
