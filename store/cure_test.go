package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnErrorOfTheDatabaseHasANextStep(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(t *testing.T, path string)
		want string
	}{
		{"a folder", func(t *testing.T, path string) { mustDo(t, os.Mkdir(path, 0o700)) }, "Set store.path to the name of a file."},
		{"in a folder that is not there", func(t *testing.T, path string) { mustDo(t, os.Remove(filepath.Dir(path))) }, "Make its folder first"},
		{"something else", func(t *testing.T, path string) {
			mustDo(t, os.WriteFile(path, bytes.Repeat([]byte("no database "), 500), 0o600))
		}, "put a backup in its place"},
		{"of a newer supportbot", func(t *testing.T, path string) { setVersion(t, path, 99) }, "Use the newer supportbot"},
		{"in use", func(t *testing.T, path string) {
			db, err := Open(path, time.Now)
			mustDo(t, err)
			t.Cleanup(func() { mustDo(t, db.Close()) })
		}, "Stop that one first"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sub", "supportbot.db")
			mustDo(t, os.Mkdir(filepath.Dir(path), 0o700))
			test.make(t, path)
			_, err := Open(path, time.Now)
			if err == nil || !strings.Contains(NextStep(err), test.want) {
				t.Errorf("of %v the next step is %q, not %q", err, NextStep(err), test.want)
			}
		})
	}
}

func TestAFolderIsNoDatabaseForReadersEither(t *testing.T) {
	if _, err := OpenReadOnly(t.TempDir()); err == nil || NextStep(err) != "Set store.path to the name of a file." {
		t.Errorf("got %v, and then %q", err, NextStep(err))
	}
}

func TestADatabaseSaysWhetherItFits(t *testing.T) {
	for _, test := range []struct {
		name    string
		version int
		want    error
	}{
		{"one that no run has filled yet", 0, ErrEmpty},
		{"one of an older supportbot", 1, ErrOlder},
		{"one of a newer supportbot", 99, ErrNewer},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "supportbot.db")
			setVersion(t, path, test.version)
			db, err := OpenReadOnly(path)
			mustDo(t, err)
			defer db.Close()
			if err := db.Fit(); !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	db, _, _ := openTest(t)
	if err := db.Fit(); err != nil {
		t.Errorf("one of ours: %v", err)
	}
}

// setVersion makes a database at path, with this version of the schema.
func setVersion(t *testing.T, path string, version int) {
	t.Helper()
	db, err := Open(path, time.Now)
	mustDo(t, err)
	mustDo(t, db.update(func(c *connection) error { return c.exec(fmt.Sprintf("PRAGMA user_version = %d", version)) }))
	mustDo(t, db.Close())
}

func TestWhereThereIsNoDatabaseARelativePathIsTold(t *testing.T) {
	t.Chdir(t.TempDir())
	const elsewhere = "run this in the bot's working directory, or give store.path as a whole path"
	here, err := filepath.Abs("f.db")
	if err != nil {
		t.Fatal(err)
	}
	for path, relative := range map[string]bool{"f.db": true, "./f.db": true, here: false} {
		_, err := OpenReadOnly(path)
		if err == nil || !strings.HasPrefix(err.Error(), "there is no database at "+here+"; the first run makes it") {
			t.Fatalf("%s: %v", path, err)
		}
		if strings.Contains(err.Error(), elsewhere) != relative {
			t.Errorf("%s: %v", path, err)
		}
	}
}
