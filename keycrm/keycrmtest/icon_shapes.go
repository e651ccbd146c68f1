package keycrmtest

// layers draws the icon in the colour c.
func (i icon) layers(c rgb) []layer {
	switch i {
	case iconTee, iconHoodie, iconDress, iconShoe, iconBackpack:
		return wearLayers(i, c)
	case iconMug, iconPlate, iconBottle, iconPillow, iconTowel, iconRoll:
		return homeLayers(i, c)
	case iconLamp, iconCandle, iconPlant:
		return cosyLayers(i, c)
	case iconBear, iconBlocks, iconBook, iconBall, iconDumbbell, iconTent:
		return playLayers(i, c)
	}
	return deviceLayers(i, c)
}

func wearLayers(i icon, c rgb) []layer {
	dark, light := c.dark(.28), c.light(.45)
	switch i {
	case iconTee:
		return []layer{
			{poly(.03, -.26, -.5, .26, -.5, .64, -.28, .52, -.04, .36, -.13, .36, .56, -.36, .56, -.36, -.13, -.52, -.04, -.64, -.28), c},
			{poly(.02, -.64, -.28, -.52, -.04, -.48, -.06, -.6, -.3), dark},
			{poly(.02, .64, -.28, .52, -.04, .48, -.06, .6, -.3), dark},
			{without(circle(0, -.53, .18), box(0, -.73, .3, .2, 0)), dark},
			{without(circle(0, -.55, .14), box(0, -.73, .3, .2, 0)), c.dark(.5)},
			{box(0, .1, .13, .13, .13), light},
		}
	case iconHoodie:
		return []layer{
			{circle(0, -.44, .27), dark},
			{poly(.04, -.26, -.46, .26, -.46, .48, -.34, .68, .4, .52, .46, .36, .04, .36, .56, -.36, .56, -.36, .04, -.52, .46, -.68, .4, -.48, -.34), c},
			{circle(0, -.46, .16), c.dark(.5)},
			{poly(.03, -.18, .18, .18, .18, .26, .42, -.26, .42), dark},
			{stick(-.09, -.32, -.1, -.08, .014), light},
			{stick(.09, -.32, .1, -.08, .014), light},
		}
	case iconDress:
		return []layer{
			{stick(-.14, -.62, -.16, -.44, .025), dark},
			{stick(.14, -.62, .16, -.44, .025), dark},
			{poly(.03, -.2, -.48, 0, -.4, .2, -.48, .17, -.08, .5, .58, -.5, .58, -.17, -.08), c},
			{box(0, -.08, .2, .04, .02), dark},
			{stick(-.1, .06, -.24, .54, .012), dark},
			{stick(.1, .06, .24, .54, .012), dark},
		}
	case iconShoe:
		return []layer{
			{poly(.05, -.56, .3, -.56, -.1, -.4, -.22, -.24, -.06, .06, .06, .42, .12, .6, .24, .6, .32), c},
			{poly(.02, -.56, .3, -.58, -.06, -.46, -.16, -.36, .3), dark},
			{box(0, .4, .68, .08, .07), rgb{244, 242, 238}},
			{stick(-.18, -.02, -.08, .1, .02), rgb{244, 242, 238}},
			{stick(-.04, .04, .06, .14, .02), rgb{244, 242, 238}},
			{stick(.1, .08, .19, .18, .02), rgb{244, 242, 238}},
		}
	}
	return []layer{
		{ring(0, -.48, .14, .035), dark},
		{box(-.43, .24, .09, .24, .07), dark},
		{box(.43, .24, .09, .24, .07), dark},
		{box(0, .08, .4, .52, .2), c},
		{box(0, .3, .28, .2, .08), dark},
		{box(0, .2, .28, .014, .01), light},
		{box(0, -.16, .3, .014, .01), dark},
	}
}

func homeLayers(i icon, c rgb) []layer {
	dark, light := c.dark(.28), c.light(.45)
	switch i {
	case iconMug:
		return []layer{
			{ring(.38, .06, .19, .055), dark},
			{box(-.06, .1, .4, .46, .12), c},
			{box(-.06, -.33, .4, .05, .05), dark},
			{box(-.06, .16, .18, .18, .18), light},
			{stick(-.2, -.62, -.14, -.48, .02), light},
			{stick(.06, -.66, .02, -.48, .02), light},
		}
	case iconPlate:
		return []layer{
			{circle(0, .05, .6), dark},
			{circle(0, .03, .58), c},
			{ring(0, .03, .47, .012), light},
			{circle(0, .03, .38), dark},
			{circle(0, .05, .37), c.light(.18)},
		}
	case iconBottle:
		return []layer{
			{box(0, -.42, .12, .14, .04), dark},
			{box(0, .14, .24, .5, .12), c},
			{box(0, -.58, .15, .08, .04), c.dark(.5)},
			{box(0, .18, .24, .14, 0), light},
			{stick(-.14, -.16, -.14, .52, .018), light},
		}
	case iconPillow:
		return []layer{
			{box(0, .4, .6, .17, .1), dark},
			{box(0, .1, .57, .17, .1), c},
			{box(0, -.2, .54, .17, .1), light},
			{box(.05, .4, .5, .012, .01), c},
			{box(.05, .1, .48, .012, .01), dark},
			{box(.05, -.2, .45, .012, .01), c},
		}
	case iconTowel:
		return []layer{
			{box(0, .1, .44, .5, .06), c},
			{box(0, .36, .44, .035, 0), light},
			{box(0, .46, .44, .018, 0), light},
			{box(.2, .1, .012, .5, 0), dark},
			{box(0, -.4, .46, .08, .07), dark},
		}
	}
	return []layer{
		{box(.06, .2, .44, .4, .03), c},
		{box(.06, .42, .44, .02, 0), light},
		{box(.06, .5, .44, .02, 0), light},
		{box(0, -.26, .62, .17, .17), dark},
		{circle(.46, -.26, .15), light},
		{ring(.46, -.26, .09, .012), dark},
		{circle(.46, -.26, .03), dark},
	}
}

func cosyLayers(i icon, c rgb) []layer {
	dark, light := c.dark(.28), c.light(.45)
	switch i {
	case iconLamp:
		return []layer{
			{box(0, .2, .028, .34, .01), rgb{120, 104, 92}},
			{box(0, .56, .26, .05, .05), rgb{98, 84, 74}},
			{poly(.03, -.22, -.58, .22, -.58, .46, -.06, -.46, -.06), c},
			{poly(.01, -.44, -.1, .44, -.1, .47, -.05, -.47, -.05), hex(0xfbe3a8)},
			{stick(.16, -.08, .16, .1, .01), dark},
			{circle(.16, .12, .025), light},
		}
	case iconCandle:
		return []layer{
			{box(0, .24, .3, .36, .08), c},
			{box(0, .3, .3, .13, 0), light},
			{box(0, -.1, .3, .03, .03), dark},
			{stick(0, -.14, 0, -.22, .014), rgb{70, 60, 54}},
			{poly(.05, 0, -.54, .07, -.32, 0, -.24, -.07, -.32), hex(0xf2a541)},
			{poly(.03, 0, -.42, .03, -.3, 0, -.26, -.03, -.3), hex(0xfde7a6)},
		}
	}
	green := hex(0x5d8a5f)
	return []layer{
		{leafShape(0, .06, .62, -2.2), green},
		{leafShape(0, .06, .66, -.95), green.dark(.15)},
		{leafShape(0, .06, .72, -1.57), green.light(.15)},
		{leafShape(0, .08, .46, -2.75), green.dark(.2)},
		{leafShape(0, .08, .46, -.4), green.light(.06)},
		{poly(.03, -.28, .12, .28, .12, .2, .58, -.2, .58), c},
		{box(0, .12, .34, .06, .03), dark},
		{box(0, .36, .14, .02, .02), light},
	}
}

func playLayers(i icon, c rgb) []layer {
	dark, light := c.dark(.28), c.light(.45)
	ink := rgb{52, 46, 44}
	switch i {
	case iconBear:
		return []layer{
			{circle(-.3, .5, .17), dark},
			{circle(.3, .5, .17), dark},
			{circle(0, .38, .36), c},
			{circle(0, .42, .2), light},
			{circle(-.29, -.46, .15), c},
			{circle(.29, -.46, .15), c},
			{circle(-.29, -.46, .08), light},
			{circle(.29, -.46, .08), light},
			{circle(0, -.2, .37), c},
			{circle(0, -.09, .17), light},
			{circle(-.15, -.28, .04), ink},
			{circle(.15, -.28, .04), ink},
			{box(0, -.15, .06, .04, .04), ink},
			{stick(-.05, -.03, .05, -.03, .012), ink},
		}
	case iconBlocks:
		return []layer{
			{box(-.27, .34, .24, .24, .04), c},
			{box(.27, .34, .24, .24, .04), hex(0xd9a441)},
			{box(0, -.18, .24, .24, .04), hex(0x5b8fb0)},
			{circle(-.27, .34, .12), light},
			{poly(.02, .27, .22, .39, .44, .15, .44), hex(0xf6e2b3)},
			{box(0, -.18, .11, .11, .02), hex(0xd3e6f0)},
		}
	case iconBook:
		return []layer{
			{box(.04, .03, .42, .56, .03), rgb{240, 234, 222}},
			{box(0, 0, .42, .56, .04), c},
			{box(-.37, 0, .05, .56, .03), dark},
			{box(.06, -.3, .24, .03, .02), light},
			{box(.06, -.18, .16, .022, .02), light},
			{circle(.06, .18, .17), light},
			{poly(.02, .06, .06, .17, .26, -.05, .26), dark},
		}
	case iconBall:
		return []layer{
			{circle(0, .05, .56), rgb{246, 244, 240}},
			{poly(.02, 0, -.15, .19, -.01, .12, .21, -.12, .21, -.19, -.01), c},
			{stick(0, -.16, 0, -.4, .014), dark},
			{stick(.19, -.01, .4, -.1, .014), dark},
			{stick(.12, .21, .26, .4, .014), dark},
			{stick(-.12, .21, -.26, .4, .014), dark},
			{stick(-.19, -.01, -.4, -.1, .014), dark},
			{inBall(poly(.02, -.16, -.54, .16, -.54, .1, -.4, -.1, -.4)), c},
			{inBall(poly(.02, .44, -.2, .62, -.1, .5, .16, .38, .0)), c},
			{inBall(poly(.02, -.44, -.2, -.62, -.1, -.5, .16, -.38, .0)), c},
			{inBall(poly(.02, .2, .5, .4, .44, .3, .34, .2, .38)), c},
			{inBall(poly(.02, -.2, .5, -.4, .44, -.3, .34, -.2, .38)), c},
		}
	case iconDumbbell:
		return []layer{
			{turned(box(0, 0, .5, .055, .03), -.35, 1), rgb{120, 124, 130}},
			{turned(union2(box(-.36, 0, .09, .34, .06), box(.36, 0, .09, .34, .06)), -.35, 1), c},
			{turned(union2(box(-.52, 0, .06, .23, .05), box(.52, 0, .06, .23, .05)), -.35, 1), dark},
		}
	}
	return []layer{
		{poly(.02, -.68, .5, -.08, -.44, .02, -.44, .3, .5), c},
		{poly(.02, .02, -.44, .7, .5, .3, .5), dark},
		{poly(.01, -.36, .5, -.12, .02, .1, .5), c.dark(.55)},
		{stick(-.06, -.44, -.1, -.56, .016), rgb{110, 96, 84}},
		{box(0, .53, .74, .02, .02), light},
	}
}

func inBall(f sdf) sdf {
	ball := circle(0, .05, .55)
	return func(x, y float64) float64 { return max(f(x, y), ball(x, y)) }
}

func deviceLayers(i icon, c rgb) []layer {
	dark, light := c.dark(.28), c.light(.45)
	ink := rgb{44, 46, 52}
	switch i {
	case iconPhone:
		return []layer{
			{box(0, 0, .34, .6, .1), dark},
			{box(0, 0, .31, .57, .08), c},
			{box(-.13, -.36, .13, .15, .06), dark},
			{circle(-.18, -.42, .05), ink},
			{circle(-.08, -.3, .05), ink},
			{circle(-.18, -.3, .025), light},
			{box(0, .44, .1, .018, .02), light},
		}
	case iconCable:
		return []layer{
			{ring(-.04, 0, .38, .04), c},
			{ring(.02, .03, .3, .04), dark},
			{stick(.3, .2, .52, .42, .04), c},
			{turned(box(.74, -.02, .1, .07, .03), .75, 1), ink},
			{turned(box(.87, -.02, .05, .045, .01), .75, 1), rgb{190, 194, 200}},
			{stick(-.4, -.14, -.5, -.42, .04), c},
			{box(-.52, -.5, .07, .1, .03), ink},
			{box(-.52, -.62, .045, .05, .01), rgb{190, 194, 200}},
		}
	case iconPower:
		return []layer{
			{box(0, .02, .32, .56, .1), dark},
			{box(-.02, 0, .3, .54, .09), c},
			{box(-.02, -.26, .18, .12, .04), ink},
			{poly(.01, .02, -.33, -.06, -.24, -.01, -.24, -.04, -.18, .04, -.27, -.01, -.27), hex(0x8ee3a1)},
			{circle(-.14, .36, .03), light},
			{circle(-.04, .36, .03), light},
			{circle(.06, .36, .03), light},
		}
	case iconHeadphones:
		return []layer{
			{without(ring(0, .08, .5, .05), box(0, .62, .8, .5, 0)), dark},
			{box(-.46, .24, .13, .26, .1), c},
			{box(.46, .24, .13, .26, .1), c},
			{box(-.36, .24, .06, .2, .05), ink},
			{box(.36, .24, .06, .2, .05), ink},
		}
	case iconSpeaker:
		return []layer{
			{box(0, 0, .4, .58, .14), c},
			{circle(0, .18, .27), dark},
			{circle(0, .18, .2), ink},
			{circle(0, .18, .08), light},
			{circle(0, -.33, .14), dark},
			{circle(0, -.33, .07), light},
		}
	}
	return []layer{
		{box(0, .12, .5, .42, .04), c}, {box(0, -.22, .54, .1, .03), dark}, {box(0, .12, .08, .42, 0), light},
	}
}
