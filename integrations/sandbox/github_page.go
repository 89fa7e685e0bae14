package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	defaultPage = 30
	largestPage = 100
)

// paginate returns the page of items that r asks for, and the Link header to the others.
func paginate[T any](r *githubRequest, items []T) ([]T, http.Header) {
	q := r.URL.Query()
	page := max(1, atoi(q.Get("page"), 1))
	per := atoi(q.Get("per_page"), defaultPage)
	if per < 1 {
		per = defaultPage
	}
	per = min(per, largestPage)
	last := max(1, (len(items)+per-1)/per)
	if page > last {
		return nil, linkHeader(r, last+1, last)
	}
	from := (page - 1) * per
	return items[from:min(from+per, len(items))], linkHeader(r, page, last)
}

func atoi(s string, otherwise int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return otherwise
	}
	return n
}

func linkHeader(r *githubRequest, page, last int) http.Header {
	if last == 1 && page == 1 {
		return nil
	}
	var links []string
	link := func(page int, rel string) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(page))
		u := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: q.Encode()}
		links = append(links, "<"+u.String()+`>; rel="`+rel+`"`)
	}
	if page > 1 {
		link(page-1, "prev")
	}
	if page < last {
		link(page+1, "next")
		link(last, "last")
	}
	if page > 1 {
		link(1, "first")
	}
	return http.Header{"Link": {strings.Join(links, ", ")}}
}
