// Package pictures draws the goods of a simulated shop: a picture of their kind, in their colour, on a ground.
package pictures

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/generator"
)

const (
	pictureQuality  = 86
	cachedPictures  = 200
	pictureLifetime = "public, max-age=86400"
)

// Pictures serves the pictures of an account's catalog at /pictures/{name}: p<product>-<n>.jpg and o<offer>.jpg.
type Pictures struct {
	account *account.Account
	size    int

	mu       sync.Mutex
	stencils map[string]*stencil // by kind
	drawn    map[string][]byte
	order    []string // of the names in drawn, oldest first
}

// New draws pictures of so many pixels on each side.
func New(a *account.Account, size int) *Pictures {
	return &Pictures{account: a, size: size, stencils: map[string]*stencil{}, drawn: map[string][]byte{}}
}

func (p *Pictures) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, err := p.picture(r.PathValue("name"))
	if err != nil {
		http.Error(w, "drawing failed", http.StatusInternalServerError)
		return
	}
	if data == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", pictureLifetime)
	_, _ = w.Write(data) // the reader may be gone
}

// picture is nil for a name that no picture has.
func (p *Pictures) picture(name string) ([]byte, error) {
	if data, ok := p.cached(name); ok {
		return data, nil
	}
	sc, ok := p.sceneOf(strings.TrimSuffix(name, ".jpg"))
	if !ok || !strings.HasSuffix(name, ".jpg") {
		return nil, nil
	}
	s, err := p.stencil(sc.kind)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, sc.draw(s, p.size), &jpeg.Options{Quality: pictureQuality}); err != nil {
		return nil, fmt.Errorf("draw %s: %w", name, err)
	}
	p.keep(name, out.Bytes())
	return out.Bytes(), nil
}

func (p *Pictures) cached(name string) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	data, ok := p.drawn[name]
	return data, ok
}

func (p *Pictures) keep(name string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.drawn[name]; !ok {
		p.order = append(p.order, name)
	}
	p.drawn[name] = data
	if len(p.order) > cachedPictures {
		delete(p.drawn, p.order[0])
		p.order = p.order[1:]
	}
}

func (p *Pictures) stencil(kind string) (*stencil, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.stencils[kind]; s != nil {
		return s, nil
	}
	s, err := openStencil(kind)
	if err == nil {
		p.stencils[kind] = s
	}
	return s, err
}

func (p *Pictures) sceneOf(name string) (sc scene, ok bool) {
	if len(name) < 2 {
		return scene{}, false
	}
	number, shot, _ := strings.Cut(name[1:], "-")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return scene{}, false
	}
	n, _ := strconv.Atoi(shot)
	p.account.Lock()
	defer p.account.Unlock()
	switch name[0] {
	case 'p':
		if row := p.account.Catalog.Product(id); row != nil {
			return p.productScene(row, n), true
		}
	case 'o':
		if o := p.account.Catalog.Offer(id); o != nil {
			return p.offerScene(o), true
		}
	}
	return scene{}, false
}

// productScene shows the product in the colour of its first variant; further shots come closer or tilted.
func (p *Pictures) productScene(row *entity.Product, shot int) scene {
	looks := entity.Offer{ID: row.ID, ProductID: row.ID}
	if len(row.OfferIDs) > 0 {
		if o := p.account.Catalog.Offer(row.OfferIDs[0]); o != nil {
			looks.Properties = o.Properties
		}
	}
	sc := p.offerScene(&looks)
	switch shot {
	case 2:
		sc.scale, sc.angle = 1.12, -.18
		sc.top, sc.bottom = sc.bottom, sc.top
	case 3:
		sc.scale, sc.angle = .7, .14
	}
	return sc
}

func (p *Pictures) offerScene(o *entity.Offer) scene {
	catalog := p.account.Catalog
	all := generator.Colours()
	tint := hex(all[2+catalog.Pick(o.ProductID, generator.ForColour, len(all)-2)].RGB)
	for _, prop := range o.Properties {
		if c := crmsim.Find(all, func(c *generator.Colour) bool { return c.Name == prop.Value }); c != nil {
			tint = hex(c.RGB)
		}
	}
	grounds := [...][2]uint32{
		{0xf7efe6, 0xe6d3c0},
		{0xeef3f6, 0xcfdde6},
		{0xf2f0ea, 0xd9d6c6},
		{0xf8ecec, 0xe7cfd0},
		{0xedf4ec, 0xcfe0cd},
		{0xf0edf7, 0xd5cde6},
		{0xfbf3df, 0xeedcae},
	}
	g := grounds[catalog.Pick(o.ProductID, generator.ForPicture, len(grounds))]
	return scene{kind: catalog.Kind(catalog.Product(o.ProductID)), tint: tint, top: hex(g[0]), bottom: hex(g[1]), scale: .92}
}
