package redact

import "testing"

func TestFilesThatHoldKeysAreKnownByNameAndType(t *testing.T) {
	for name, want := range map[string]bool{
		"id_rsa": true, "ID_RSA": true, "id_ed25519_sk": true, "id_rsa.txt": true, "id_rsa (1)": true, "~/.ssh/id_ecdsa": true,
		"server.pem": true, "Server.PEM": true, "server.pem.bak": true, "server copy.pem": true, "server.key (2).txt": true,
		"keys.p12": true, "keys.pfx": true, "putty.ppk": true, "store.jks": true, "passwords.kdbx": true,
		".netrc": true, "_netrc": true, ".env": true, ".env.production": true, ".pgpass": true, "kubeconfig": true,
		"credentials.json": true, "credentials (3).json": true, "aws_credentials.json": true, "client_secret_123.json": true,
		"my-service-account.json": true, "prod-service_account-1.json": true, "etl-key.json": true,
		"se\u200brver.p\u200bem": true, " server.pem ": true, `C:\keys\server.pem`: true,

		"id_rsa.pub": false, "id_rsa.pub.txt": false, "load.log": false, "keynote.pdf": false, "primary_key.sql": false,
		"environment.txt": false, "keys.csv": false, "monkey.json": false, "service.json": false, "": false, "pem": false,
	} {
		if got := IsKeyFile(name, "text/plain"); got != want {
			t.Errorf("%q is a key file: %t, want %t", name, got, want)
		}
	}
	if !IsKeyFile("backup", "application/x-pkcs12") {
		t.Error("a file that says by its type that it holds keys is none")
	}
}

func TestAFileWithAKeyInItHoldsOne(t *testing.T) {
	r := newRedactor(t)
	account, _, _ := serviceAccount(3)
	for content, want := range map[string]bool{
		pem("RSA "+"PRIVATE KEY", 1): true,
		account:                      true,
		"password: " + "tanuki99":    false,
		"it fails":                   false,
	} {
		_, found := r.String(content)
		if got := HoldsKey(found); got != want {
			t.Errorf("%.30q holds a key: %t, want %t", content, got, want)
		}
	}
}

func TestSecretsInNamesOfFilesAreTakenOut(t *testing.T) {
	r := newRedactor(t)
	aws := "AKIA" + fill(16, upper32, 7)
	for name, want := range map[string]string{
		"password is Tanuki99!.log":          "password is ⟦withheld: password⟧.log",
		"password_is_Tanuki99!.log":          "password is ⟦withheld: password⟧.log",
		"key " + aws + ".txt":                "key ⟦withheld: aws-access-token⟧.txt",
		"key_" + aws + ".txt":                "key ⟦withheld: aws-access-token⟧.txt",
		"パスワードはtanuki99です.txt":               "パスワードは⟦withheld: password⟧です.txt",
		"load_2026-11-23.log":                "load_2026-11-23.log",
		"reset_password_page.png":            "reset_password_page.png",
		"Screenshot 2026-11-23 at 10.04.png": "Screenshot 2026-11-23 at 10.04.png",
		".log":                               ".log",
		"":                                   "",
	} {
		if got, found := r.FileName(name); got != want || (len(found) > 0) != (got != name) {
			t.Errorf("%q becomes %q, %v, want %q", name, got, found, want)
		}
	}
}

func TestAPlaceholderInTheNameOfAFileIsLeftOut(t *testing.T) {
	if got, found := newRedactor(t).FileName("load⟦withheld: password⟧.log"); got != "load.log" || len(found) > 0 {
		t.Errorf("got %q, %v", got, found)
	}
}
