package keycrmtest

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

const (
	pictureQuality  = 86
	cachedPictures  = 200
	pictureLifetime = "public, max-age=86400"
)

// pictureCache keeps the last drawn pictures, oldest out first.
type pictureCache struct {
	mu    sync.Mutex
	rows  map[string][]byte
	order []string
}

func newPictureCache() *pictureCache { return &pictureCache{rows: map[string][]byte{}} }

func (c *pictureCache) get(name string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, ok := c.rows[name]
	return data, ok
}

func (c *pictureCache) put(name string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.rows[name]; !ok {
		c.order = append(c.order, name)
	}
	c.rows[name] = data
	if len(c.order) > cachedPictures {
		delete(c.rows, c.order[0])
		c.order = c.order[1:]
	}
}

func (s *Server) handlePictures(mux *http.ServeMux) {
	mux.HandleFunc("GET /pictures/{name}", func(w http.ResponseWriter, r *http.Request) {
		data, err := s.picture(r.PathValue("name"))
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
	})
}

// picture draws p<product>-<n>.jpg or o<offer>.jpg; nil for any other name.
func (s *Server) picture(name string) ([]byte, error) {
	if data, ok := s.pics.get(name); ok {
		return data, nil
	}
	sc, ok := s.sceneOf(strings.TrimSuffix(name, ".jpg"))
	if !ok || !strings.HasSuffix(name, ".jpg") {
		return nil, nil
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, sc.draw(s.cfg.pictureSize), &jpeg.Options{Quality: pictureQuality}); err != nil {
		return nil, fmt.Errorf("draw %s: %w", name, err)
	}
	s.pics.put(name, out.Bytes())
	return out.Bytes(), nil
}

func (s *Server) sceneOf(name string) (scene, bool) {
	if len(name) < 2 {
		return scene{}, false
	}
	number, shot, _ := strings.Cut(name[1:], "-")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return scene{}, false
	}
	n, _ := strconv.Atoi(shot)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch name[0] {
	case 'p':
		if p := s.product(id); p != nil {
			return s.productScene(p, n), true
		}
	case 'o':
		if o := s.offer(id); o != nil {
			return s.offerScene(o), true
		}
	}
	return scene{}, false
}

// productScene shows the product in the colour of its first variant; further shots come closer or tilted.
func (s *Server) productScene(p *Product, shot int) scene {
	sc := s.offerScene(&Offer{ID: p.ID, ProductID: p.ID, Properties: s.firstProperties(p)})
	switch shot {
	case 2:
		sc.scale, sc.angle = 1.12, -.18
		sc.top, sc.bottom = sc.bottom, sc.top
	case 3:
		sc.scale, sc.angle = .7, .14
	}
	return sc
}

func (s *Server) firstProperties(p *Product) []Property {
	if len(p.OfferIDs) == 0 {
		return nil
	}
	if o := s.offer(p.OfferIDs[0]); o != nil {
		return o.Properties
	}
	return nil
}

func (s *Server) offerScene(o *Offer) scene {
	p := s.product(o.ProductID)
	i := int(o.ProductID)
	all := colours()
	tint := hex(all[2+s.gen.pick(i, forColour, len(all)-2)].rgb)
	for _, prop := range o.Properties {
		if c := findRow(all, func(c *colour) bool { return c.name == prop.Value }); c != nil {
			tint = hex(c.rgb)
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
	g := grounds[s.gen.pick(i, forPicture, len(grounds))]
	return scene{top: hex(g[0]), bottom: hex(g[1]), layers: s.iconOf(p).layers(tint), scale: .92}
}

// iconOf goes by the category, up its tree; a product of no known kind is a box.
func (s *Server) iconOf(p *Product) icon {
	if p == nil {
		return iconBox
	}
	for id, steps := p.CategoryID, 0; id != 0 && steps < 5; steps++ {
		if l := findRow(s.gen.leaves, func(l *placedLeaf) bool { return l.category == id }); l != nil {
			return l.icon
		}
		c := s.category(id)
		if c == nil {
			break
		}
		id = c.ParentID
	}
	if i := int(p.ID - firstProduct); i >= 0 && i < s.gen.products() {
		return s.gen.leafOf(i).icon
	}
	return iconBox
}
