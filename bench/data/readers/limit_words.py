"""Words of the texts of ``limit``: names of people, and things that one can like.

No two things have one stem, so that a query shares its word with no document but its own.
"""

FIRST_NAMES = """
Ada Alba Amara Anouk Arlo Astrid Beatrix Bruno Calla Cato Cleo Dario Delphi Dunya Edith
Elio Emrys Esme Fabio Farah Flora Gideon Greta Hana Hector Hugo Ilse Ines Isolde Ivo Jonas
Juno Kaito Kira Lars Leila Linus Lorna Mabel Magnus Malik Marta Mina Nadia Niko Nora Odette
Olaf Orla Otto Petra Quentin Rafael Rhea Rosa Rufus Sanna Selma Silas Soren Tamsin Tariq Thea
Tobias Ulla Una Vera Viggo Wanda Willa Xenia Yara Yusuf Zelda Zora
""".split()  # noqa: SIM905 - a list would take a line for each
"""The first names, each different."""
LAST_NAMES = """
Abara Achterberg Almeida Andersen Aubert Bakker Barlow Bellini Bertrand Boateng Calloway
Castillo Chaudhry Conti Dahlberg Delacroix Demir Dvorak Eklund Engel Faraday Fontaine Fujita
Gallo Garrick Grimaldi Haddad Halloran Hashimoto Ibarra Iversen Jansen Johar Kallas Keller
Kimura Kowalski Laurent Lindqvist Lombardi Maddox Marchetti Mensah Moreau Nakagawa Novak Oduya
Okafor Okonkwo Paredes Petrov Popescu Quigley Rasmussen Ricci Rossi Salazar Santoro Schreiber
Sidhu Solberg Tanaka Thorne Tremblay Ueda Valente Varga Vasquez Vermeer Wexler Whitlock Yamada
Yilmaz Zamora Ziegler
""".split()  # noqa: SIM905 - a list would take a line for each
"""The last names, each different."""
THINGS = """
apples apricots avocados bananas blackberries blueberries cherries coconuts cranberries
currants dates elderberries figs gooseberries grapefruits grapes guavas kiwis kumquats lemons
limes lychees mangoes melons mulberries nectarines olives oranges papayas peaches pears
persimmons pineapples plums pomegranates quinces raisins raspberries rhubarb strawberries
tamarind tangerines watermelons artichokes asparagus aubergines beans beetroot broccoli cabbage
capers carrots cauliflower celery chard chicory chickpeas corn courgettes cucumbers fennel
garlic kale leeks lentils lettuce mushrooms mustard okra onions parsnips peas peppers potatoes
pumpkins radishes shallots spinach sprouts squash swede sweetcorn tomatoes truffles turnips
watercress yams almonds cashews chestnuts hazelnuts macadamias peanuts pecans pistachios
walnuts barley buckwheat millet oats quinoa rice rye sesame spelt wheat basil cardamom chives
cinnamon cloves coriander cumin dill ginger marjoram mint nutmeg oregano paprika parsley
rosemary saffron sage tarragon thyme turmeric vanilla wasabi bagels baguettes biscuits brownies
buns burritos butter buttermilk caramel caviar cheese cheesecake chocolate chutney cookies
couscous crackers cream crepes croissants crumpets curry custard doughnuts dumplings eclairs
enchiladas falafel fondue fritters fudge gelato gingerbread gnocchi goulash granola gravy
guacamole halva hamburgers honey hummus jam jelly ketchup kimchi lasagne liquorice macaroons
marmalade marshmallows marzipan mayonnaise meatballs meringues molasses moussaka muesli muffins
noodles nougat omelettes paella pancakes pastrami pesto pickles pierogi pies pizza polenta
popcorn porridge pretzels pudding quiche ravioli risotto salad salami salsa samosas sandwiches
sauerkraut sausages scones sorbet souffle soup spaghetti stew strudel sushi syrup tacos tempura
tiramisu toast toffee tofu tortillas trifle vinegar waffles yoghurt ale brandy champagne cider
cocoa coffee cordial eggnog espresso kombucha lemonade mead milkshakes punch sake sherry
smoothies stout tea tonic vermouth whisky wine alligators alpacas anteaters antelopes
armadillos baboons badgers bats bears beavers bison boars buffaloes camels capybaras caribou
cats cheetahs chimpanzees chinchillas chipmunks cougars cows coyotes crocodiles deer dingoes
dogs dolphins donkeys dormice elephants elks ermines ferrets foxes gazelles gerbils gibbons
giraffes goats gorillas guanacos hamsters hares hedgehogs hippos horses hyenas ibexes jackals
jaguars kangaroos koalas lemurs leopards lions llamas lynxes manatees mandrills marmots
meerkats mice moles mongooses monkeys moose mules narwhals ocelots okapis opossums orangutans
otters pandas pangolins panthers pigs platypuses ponies porcupines porpoises pumas rabbits
raccoons rats reindeer rhinos seals sheep shrews skunks sloths squirrels stoats tapirs tigers
voles wallabies walruses warthogs weasels whales wildebeest wolverines wolves wombats yaks
zebras albatrosses blackbirds bluebirds budgerigars buzzards canaries cassowaries chaffinches
cockatoos condors cormorants cranes crows cuckoos doves ducks eagles egrets emus falcons
finches flamingos geese goldfinches grouse gulls hawks herons hoopoes hornbills hummingbirds
jackdaws jays kestrels kingfishers kites larks loons macaws magpies mallards nightingales
nuthatches orioles ospreys ostriches owls parakeets parrots partridges peacocks pelicans
penguins pheasants pigeons plovers puffins quails ravens robins roosters sandpipers skylarks
snipes sparrows starlings storks swallows swans swifts terns thrushes toucans turkeys vultures
warblers woodpeckers wrens anchovies barracudas bass bream carp catfish clams cod crabs
crayfish cuttlefish eels flounders guppies haddock halibut herrings jellyfish krill lampreys
lobsters mackerel marlins minnows mussels octopuses oysters perch pike piranhas plaice prawns
salmon sardines scallops seahorses sharks shrimps snails sponges squid starfish stingrays
sturgeons swordfish tilapia trout tuna turbot urchins chameleons cobras frogs geckos iguanas
lizards newts pythons rattlesnakes salamanders toads tortoises turtles vipers ants aphids bees
beetles bumblebees butterflies caterpillars centipedes cicadas cockroaches crickets dragonflies
earwigs fireflies fleas gnats grasshoppers hornets ladybirds locusts mantises mayflies midges
millipedes mosquitoes moths scorpions silkworms spiders termites wasps weevils acacias alders
ashes aspens bamboo baobabs beeches birches cedars cypresses elms eucalyptus firs hawthorns
hazels hemlocks hickories hollies junipers larches laurels lindens magnolias mahogany maples
oaks palms pines poplars redwoods rowans sequoias spruces sycamores teak willows yews anemones
asters azaleas begonias bluebells buttercups cacti camellias carnations chrysanthemums clematis
clover columbines cornflowers cowslips crocuses cyclamen daffodils dahlias daisies dandelions
edelweiss ferns forsythia foxgloves freesias fuchsias gardenias gentians geraniums gladioli
heather hibiscus honeysuckle hyacinths hydrangeas irises ivy jasmine lavender lilacs lilies
lotuses lupins marigolds mistletoe moss nasturtiums nettles orchids pansies peonies petunias
phlox poppies primroses rhododendrons roses snapdragons snowdrops sunflowers thistles tulips
verbena violets wisteria yarrow zinnias accordions bagpipes banjos bassoons bells bongos bugles
castanets cellos chimes clarinets cornets cymbals drums dulcimers fiddles flutes gongs guitars
harmonicas harps harpsichords kazoos lutes lyres mandolins maracas marimbas oboes ocarinas
organs pianos piccolos recorders saxophones sitars synthesizers tambourines timpani triangles
trombones trumpets tubas ukuleles violas violins whistles xylophones zithers arias ballads
bebop blues cantatas carols choirs concertos disco duets fado fanfares flamenco folk fugues
funk gospel hymns jazz lullabies madrigals minuets opera overtures polkas ragtime rap reggae
requiems rock sonatas soul swing symphonies techno waltzes yodelling abseiling aerobics archery
athletics badminton ballet baseball basketball biathlons billiards bobsleigh bowling boxing
canoeing caving croquet curling cycling darts dodgeball dressage fencing fishing football
frisbee golf gymnastics handball hiking hockey hurdles jogging judo juggling karate kayaking
lacrosse marathons netball orienteering paragliding parkour petanque pilates polo rafting
rowing rugby sailing skateboarding skating skiing skydiving snooker snorkelling snowboarding
softball sprinting sumo surfing swimming taekwondo tango tennis trampolines triathlons
volleyball weightlifting windsurfing wrestling yachting yoga backgammon bingo checkers chess
crosswords dominoes hopscotch jigsaws lotteries origami poker puppets quizzes riddles roulette
skittles solitaire sudoku anthropology archaeology astrology astronomy algebra anatomy biology
botany calculus calligraphy chemistry cryptography cybernetics ecology economics etymology
genealogy geography geology geometry grammar heraldry history journalism jurisprudence
lexicography linguistics logic mathematics mechanics medicine meteorology mythology numismatics
oceanography ornithology palaeontology pharmacology philately philosophy phonetics physics
poetry politics psychology rhetoric sociology statistics theology topology toxicology
trigonometry zoology animation architecture basketry beekeeping blacksmithing bookbinding
brewing carpentry cartoons ceramics collages cooking crochet drawing embroidery engraving
etchings frescoes gardening glassblowing graffiti haiku illusions knitting lace lithographs
macrame mosaics murals needlework novels painting paradoxes parody photography pottery
printmaking prose quilting satire sculpture sewing sketching sonnets tapestries taxidermy
theatre thrillers tragedies upholstery watercolours weaving westerns whittling woodcarving
anoraks aprons bandanas belts berets blazers blouses boots bonnets bowties bracelets brooches
cardigans clogs coats corsets cravats cufflinks dungarees earrings gloves gowns handkerchiefs
hats helmets hoodies jackets jeans jumpers kaftans kilts kimonos leggings loafers mittens
moccasins necklaces overalls pendants petticoats ponchos pyjamas raincoats ribbons sandals
saris sarongs scarves shawls shirts shorts skirts slippers smocks sneakers socks sombreros
stockings sunglasses suspenders sweaters tiaras ties trousers tunics turbans tuxedos umbrellas
veils waistcoats wigs zips brocade burlap calico cashmere chenille chiffon corduroy cotton
damask denim felt flannel fleece gingham hessian leather linen lycra mohair muslin nylon
organza polyester satin silk suede taffeta tartan tulle tweed velvet wool amber amethysts
aquamarine basalt bronze chalk charcoal cobalt copper coral diamonds emeralds flint garnets
gold granite graphite gypsum iron jade lapis limestone malachite marble mercury mica moonstones
nickel obsidian onyx opals pearls pewter platinum pumice quartz rubies sandstone sapphires
silver slate steel sulphur tin titanium topaz tourmaline tungsten turquoise uranium zinc zircon
airships ambulances barges bicycles buses cabs caravans catamarans chariots coaches dinghies
ferries forklifts frigates galleons gliders gondolas hammocks helicopters hovercraft jeeps
limousines locomotives lorries minibuses monorails mopeds motorbikes parachutes planes
rickshaws rockets rollerblades scooters ships sledges sleighs snowmobiles steamboats submarines
tanks taxis toboggans tractors trains trams tricycles trolleybuses tugboats unicycles vans
wagons wheelbarrows zeppelins abbeys amphitheatres aqueducts arcades arenas attics balconies
barns basilicas bridges bungalows cabins canals castles cathedrals cellars chapels chateaus
chimneys churches cinemas citadels cloisters conservatories cottages crypts domes dungeons
factories farms fountains galleries garages gazebos greenhouses hostels hotels igloos inns
kiosks kitchens labyrinths libraries lighthouses lofts mansions markets mausoleums mills
minarets monasteries mosques museums obelisks observatories pagodas palaces pavilions piers
planetariums porches pubs pyramids railways restaurants shrines skyscrapers spires stables
stadiums synagogues taverns temples towers tunnels turrets universities viaducts villas
vineyards windmills ziggurats archipelagos atolls avalanches bays beaches canyons capes cliffs
clouds comets constellations craters deltas deserts dunes earthquakes eclipses estuaries fjords
floods fog forests frost galaxies geysers glaciers gorges hail hills icebergs islands jungles
lagoons lakes lava lightning marshes meadows meteors mist moons moors mountains oases oceans
orchards peninsulas plains planets plateaus ponds prairies quicksand rain rainbows ravines
reefs rivers savannas seas snow springs stalactites stars steppes storms streams summits
sunrises sunsets swamps thunder tides tornadoes tundra twilight valleys volcanoes waterfalls
whirlpools anchors anvils axes balloons barometers baskets batteries binoculars bookmarks
boomerangs bottles brooms brushes buckets buttons calendars cameras candles candlesticks
catapults chandeliers chisels clocks coins combs compasses computers corkscrews crayons
crowbars cups curtains cushions diaries dictionaries dolls drills easels encyclopedias
envelopes fans fireworks flags flasks forks frames funnels globes goggles gramophones hammers
hourglasses incense jars jugs kaleidoscopes kettles keys knives ladders ladles lamps lanterns
lasers levers locks looms magnets maps masks matches metronomes microphones microscopes mirrors
mops nails needles nets notebooks padlocks paperclips parasols pencils pendulums periscopes
pillows pins pliers plates postcards posters pulleys quills radios razors robots rulers saws
scales scissors screwdrivers shovels sieves soap spanners spears spoons stamps staplers
stencils stethoscopes stools suitcases sundials swords tables teapots telephones telescopes
televisions tents thermometers thimbles torches towels toys trays trophies tweezers typewriters
vases wallets watches whisks windchimes yarn acrobats actors ambassadors astronauts bakers
ballerinas barbers barristers botanists bricklayers butchers butlers cardinals cartographers
chefs chemists clowns cobblers comedians composers conductors cowboys dentists detectives
diplomats drummers explorers fairies firefighters florists ghosts giants gladiators goblins
inventors jockeys jugglers kings knights librarians magicians mermaids milliners monks nurses
pharaohs philosophers pilots pirates plumbers princesses professors queens samurai shepherds
sheriffs surgeons tailors troubadours trolls unicorns ventriloquists vikings violinists wizards
zookeepers
""".split()  # noqa: SIM905 - a list would take a line for each
"""What people like, a word each."""
